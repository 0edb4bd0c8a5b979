"""The known items of a pre-check, and the known symbols that give the reason of an alarm or a failure.

The vendor publishes no list. The names are from its examples, from its SDK, which names items that may be skipped, and
from real runs. The list is open: an unknown name is shown as it came.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_drs.api.model.precheck import PrecheckItem


@dataclass(frozen=True)
class KnownItem:
    """An item of which is known what it checks.

    :param group: the name of its group in the answer, or ``None`` where no source names one.
    :param checks: what it checks, as a sentence.
    """

    group: str | None
    checks: str


@dataclass(frozen=True)
class KnownReason:
    """A symbol of which is known what it means.

    :param meaning: as a sentence.
    :param remedy: what to do about it, as a sentence.
    """

    meaning: str
    remedy: str


_DISK = "db_disk_size"
_CONFLICT = "db_object_conflict_check"
_DEPENDENCY = "db_object_dependency_check"
_PARAMS = "db_params"
_STATUS = "db_target_status"
_RIGHTS = "db_user_privilege"
_VERSION = "db_version"
_NETWORK = "network"
_SOURCE = "src_info_check"

_ITEMS: tuple[tuple[str, str | None, str], ...] = (
    ("srcDbConnection", _NETWORK, "DRS can log in to the source."),
    ("dstDbConnection", _NETWORK, "DRS can log in to the target."),
    ("srcDbPrivilegesIsEnough", _RIGHTS, "The source account has the rights that a full migration needs."),
    ("srcDbPrivilegesIsEnoughForIncre", _RIGHTS, "The source account has the rights that the incremental phase needs."),
    ("dstDbPrivilegesIsEnough", _RIGHTS, "The target account has the rights that the migration needs."),
    ("userRequirementIsEnoughForDefiner", _PARAMS, "The accounts have the rights that moving definers needs."),
    ("userPrivilegeIsEnoughForDefiner", None, "The accounts have the rights that moving definers needs."),
    ("srcRoutinesWithoutPrivilegeCheck", _PARAMS, "The source account may read every routine that is moved."),
    ("srcDbVersionSupport", _VERSION, "DRS supports the version of the source."),
    ("dstDbVersionSupport", _VERSION, "DRS supports the version of the target."),
    ("dbVersionMeetRequirement", _VERSION, "The target is not older than the source."),
    ("dstDbDiskSize", _DISK, "The target has room for the data."),
    ("dstStatusCheck", _STATUS, "The target instance is healthy."),
    ("checkEmptyDstDb", None, "The target is empty."),
    ("checkIncreSrcDbExistedInDstDb", _PARAMS, "The selected databases are on the target before an incremental run."),
    ("userSelectObjectsCheck", _PARAMS, "The selected objects can be moved."),
    ("checkJobDbObjectInfo", None, "The job has stored a selection of objects."),
    ("mappedNameCheck", None, "The target allows the names that objects are mapped to."),
    ("hasForeignKeyOnUnselectedTable", _PARAMS, "No selected table has a foreign key to a table that is left out."),
    ("MysqlForeignKeyReferentialActionCheck", None, "DRS supports the actions of all foreign keys."),
    ("srcDbBinlogIsOff", _PARAMS, "The source writes a binary log."),
    ("srcBinlogFormatCheck", _PARAMS, "The binary log of the source is written row by row."),
    ("srcBinlogRowImageCheck", _PARAMS, "The binary log of the source has full rows."),
    ("srcDbBinlogExpireLogsDays", _PARAMS, "The source keeps its binary log long enough."),
    ("srclogSlaveUpdatesCheck", _PARAMS, "The source logs changes that it has replicated itself."),
    ("srcDbServerIdCheck", _PARAMS, "The server id of the source is fit for replication."),
    ("dbServerUuidConsistency", _PARAMS, "Source and target have different server UUIDs."),
    ("srcGtidStatusCheck", None, "The source uses GTIDs."),
    ("targetGtidStatusCheck", None, "The target uses GTIDs."),
    ("gtidFormatCheck", None, "The GTIDs have a form that DRS can read."),
    ("dbCharacterSetConsistency", _PARAMS, "Source and target have the same character sets."),
    ("dbCollationServerConsistency", _PARAMS, "Source and target have the same server collation."),
    ("dbTimeZoneConsistency", None, "Source and target are in the same time zone."),
    ("dbClockConsistency", _PARAMS, "The clocks of source and target agree."),
    ("dbIsolationLevelConsistency", _PARAMS, "Source and target have the same isolation level."),
    ("dbParamConsistency", _PARAMS, "The parameters that matter for the structure are the same on both sides."),
    ("dbGroupConcatMaxLenConsistency", None, "`group_concat_max_len` is the same on both sides."),
    ("innodbStrictModeConsistency", _PARAMS, "`innodb_strict_mode` is the same on both sides."),
    ("sqlModeConsistency", _PARAMS, "`sql_mode` is the same on both sides."),
    ("sqlModeNoEngine", _PARAMS, "The target does not replace a storage engine that a table asks for."),
    ("mysqlBlockEncryptionModeInconsistency", None, "`block_encryption_mode` is the same on both sides."),
    ("rdsCreateDefaultPrimaryKeyConsistency", None, "Implicit primary keys are on or off on both sides."),
    ("srcHasNoPkTableWhenTgtHasInvisiblePk", _PARAMS, "No table lacks a primary key that the target would add."),
    ("dstMaxAllowedPacketCheck", _PARAMS, "`max_allowed_packet` of the target is large enough."),
    ("MysqlSourceMaxAllowedPacketActionChecker", None, "`max_allowed_packet` of the source is large enough."),
    ("isUserRequireSslLink", _PARAMS, "The accounts may log in with or without TLS, as the job does."),
    ("srcDstTableNameCaseSensitiveCheck", _PARAMS, "Both sides treat upper and lower case of table names alike."),
    ("srcDbNameContainsUnsupportedSymbols", _PARAMS, "The names of the source's databases have supported characters."),
    ("srcTableNameContainsNonAscii", _PARAMS, "The names of the source's tables are ASCII."),
    ("srcViewNameContainsNonAscii", _PARAMS, "The names of the source's views are ASCII."),
    ("srcIdentifierWithBreakCheck", None, "No name in the source has a line break."),
    ("srcDbExistUnsupportEngineTable", _PARAMS, "DRS supports the storage engines of all tables."),
    ("srcDbIndexKeyLength", _PARAMS, "No index key is longer than the target allows."),
    ("srcHasLargeColumnTypeCheck", None, "No selected table has a large column such as `longtext` or `longblob`."),
    ("srcTriggerAndEventCheck", _PARAMS, "Triggers and events of the source do not disturb the migration."),
    ("srcDbIsStandbyTaurus", None, "The source is no standby of TaurusDB."),
    ("sourceEncryptTableActionChecker", None, "No selected table is encrypted."),
    ("sourceCheckDynamicMasking", None, "The source does not mask data that is read."),
    ("targetCheckDynamicMasking", None, "The target does not mask data that is read."),
    ("checkRecycleBinConsistent", None, "The recycle bin is on or off on both sides."),
    ("tenantDbActionCheck", None, "DRS supports the multi-tenant settings of both sides."),
    ("dbSslConsistency", _PARAMS, "TLS is set up alike on both sides."),
    ("mongoTypeFitTransferMode", _PARAMS, "This kind of MongoDB allows the mode of the migration."),
    ("srcMongoInstanceType", _SOURCE, "DRS knows what kind of MongoDB instance the source is."),
    ("srcShardKeyConfiguration", _SOURCE, "The selected collections of the source have shard keys."),
    ("checkBalanceStatus", _SOURCE, "The balancer of the source is off."),
    ("dstChunkNumCheck", _PARAMS, "The number of chunks on the target is within the limit."),
    ("srcCollHasTtlIndex", _PARAMS, "No selected collection deletes documents by a TTL index."),
    ("srcCollIndexNumCheck", _PARAMS, "No selected collection has more than ten indexes."),
    ("srcIdIndexCheck", _PARAMS, "Each selected collection has an index on `_id`."),
    ("srcCollNameContainsUnsupportedSymbols", _PARAMS, "The names of the collections have supported characters."),
    ("srcDbInstanceIsEmpty", _PARAMS, "The source has data."),
    ("srcAndDstCappedCollConsistency", _CONFLICT, "A collection is capped on both sides or on none."),
    ("srcCollAlreadyExistedInDstColl", _CONFLICT, "No selected collection is on the target already."),
    ("srcViewAlreadyExistedInDstView", _CONFLICT, "No selected view is on the target already."),
    ("rolesDependentCheck", _DEPENDENCY, "The roles that others depend on are moved or on the target."),
    ("usersDependentCheck", _DEPENDENCY, "The users that objects depend on are moved or on the target."),
    ("dstReplicationRoleCheck", None, "`session_replication_role` of the target lets data be loaded without triggers."),
    ("pgSrcHasLargeColumnTypeCheck", None, "No selected table of the source has a large column."),
    ("srcDbLogicalSlotSupportFailoverCheck", None, "The replication slot of the source survives a failover."),
)

ITEMS: dict[str, KnownItem] = {name: KnownItem(group, checks) for name, group, checks in _ITEMS}
"""The known items by their names."""

REASONS: dict[str, KnownReason] = {
    "SRC_HAS_TTL_INDEXES": KnownReason(
        "A TTL index deletes documents of the source while they are moved, so both sides may differ.",
        "Drop the TTL indexes until the migration has ended, or accept the difference.",
    ),
    "SRC_INSTANCE_TYPE_IS_REPLICA_SET": KnownReason(
        "The source is a replica set, which has no shard keys.",
        "Create the sharded collections on the target first if it is a sharded cluster.",
    ),
    "MYSQL_SOURCE_DB_PRIVILEGES_IS_NOT_ENOUGH_FOR_INCRE": KnownReason(
        "The source account lacks rights for the incremental phase.",
        "Grant it the rights for replication that the vendor's page on permissions names.",
    ),
    "DST_DB_DISK_SIZE_UP_ALARM": KnownReason(
        "The free room on the target is unusual for the size of the source.",
        "Compare the sizes, and enlarge the disk of the target if it may fill up.",
    ),
    "UNAVAILABLE_TO_QUERY_SSL_INFO": KnownReason(
        "DRS cannot read whether the account must use TLS.",
        "Let the account read the users' TLS settings, or make sure that the job uses TLS.",
    ),
    "DB_PARAS_REPLICATION_ROLE_CONFIG_ERROR": KnownReason(
        "`session_replication_role` of the target is not `replica`, so triggers and foreign keys act on loaded data.",
        "Set it to `replica` for the account of the migration, or disable the triggers.",
    ),
    "PG_HAS_LARGE_COLUMN_TYPE_TABLES": KnownReason(
        "Tables of the source have large columns, which move slowly and need much memory.",
        "Plan more time and a larger DRS node, or move these tables by themselves.",
    ),
    "PG_SRC_NOT_SUPPORT_FAILOVER_SLOT_ALARM": KnownReason(
        "The replication slot is lost when the source fails over, and the incremental phase with it.",
        "Keep the source from failing over during the migration, or be ready to start again.",
    ),
}
"""The known reasons by their symbols. One symbol may stand under several items."""


def explain(item: PrecheckItem) -> str | None:
    """Return what is known of an item's reason and its remedy, or else of what the item checks, or nothing.

    :param item: an item that did not pass.
    """
    if item.reason in REASONS:
        reason = REASONS[item.reason]
        return f"{reason.meaning} {reason.remedy}"
    known = ITEMS.get(item.item)
    return f"To be checked: {known.checks}" if known else None
