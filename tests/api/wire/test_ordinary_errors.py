"""What databases, drivers and proxies ordinarily say is shown as it is, and no text takes more than a little work."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_drs.api.texts import LEFT_OUT, MAX_TEXT, printable
from airflow_provider_drs.api.wire import decoding, scrubber
from airflow_provider_drs.api.wire.scrubber import MAX_COMPARISONS, Scrubber

PASSWORDS = [
    "Tr0ub4dor&3",
    "Huawei@2024",
    "mysql-root-01",
    "Welcome1",
    "Passw0rd!",
    "kX9#vQ2m",
    "Sommer_2026",
    "correct horse battery",
    "8f3Kq-Zt71",
    "20260131",
    "密码abc-测试123",
    "Grüße+42%",
]
TOKEN = "".join(random.Random(3).choices(string.ascii_letters + string.digits + "+-", k=1500))  # noqa: S311


def trace(exception: str, *frames: str) -> str:
    return exception + "".join(f"\n\tat {frame}" for frame in frames)


ERRORS = [
    # MySQL
    "ERROR 1045 (28000): Access denied for user 'drs'@'192.168.0.17' (using password: YES)",
    "ERROR 2003 (HY000): Can't connect to MySQL server on 'rds-4f1c.internal.example.com:3306' (110)",
    "ERROR 1227 (42000): Access denied; you need (at least one of) the REPLICATION SLAVE, SUPER privilege(s)",
    "Variable 'binlog_format' is STATEMENT; GTID set 3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5 is not purged",
    "SSL connection error: error:1425F102:SSL routines:ssl_choose_client_version:unsupported protocol",
    "You have an error in your SQL syntax near 'SELECT `id`,`name` FROM `t` WHERE a<>1 AND b LIKE \"%x%\"' at line 1",
    "[HY000][1862] Your password has expired. To log in you must change it with a client that knows expired passwords.",
    # PostgreSQL
    'FATAL: no pg_hba.conf entry for host "10.20.30.40", user "drs", database "orders", SSL off (SQLSTATE 28000)',
    'connection to server at "db-1.example.com" (10.0.0.7), port 5432 failed: FATAL: role "drs" does not exist',
    'could not translate host name "pg+primary" to address: Name or service not known; url=postgres://%2Fvar%2Frun/app',
    'ERROR: replication slot "drs_slot_9f86d081884c7d65" is active for PID 31337; LSN 16/B374D848, xid 0x00007f3a',
    "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore"
    " or while processing the request.",
    # Oracle
    'ORA-12541: TNS:no listener\nORA-06512: at "SYS.DBMS_LOGMNR", line 72\nORA-06512: at line 1',
    "ORA-28040: No matching authentication protocol (CONNECTION_ID=c8QZf2pXSmKq0vB1lJwZ5A==)",
    "ORA-01031: insufficient privileges; statement: SELECT SUPPLEMENTAL_LOG_DATA_MIN FROM V$DATABASE",
    "ORA-00600: internal error code, arguments: [kcratr_nab_less_than_odr], [1], [20473], [53181], [], [0x7FFE1]",
    "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=10.1.2.3)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=ORCLPDB1))): IO Error",
    # MongoDB
    "Command failed with error 18 (AuthenticationFailed): 'Authentication failed.' on server mongo-0.example.com:27017."
    ' The full response is {"ok": 0.0, "errmsg": "Authentication failed.", "code": 18, "$clusterTime": {"clusterTime":'
    ' {"$timestamp": {"t": 1714558272, "i": 1}}, "signature": {"hash": {"$binary": {"base64":'
    ' "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "subType": "00"}}, "keyId": 0}}}',
    "Timed out after 30000 ms while waiting to connect. Client view of cluster state is {type=UNKNOWN, servers=[{"
    "address=10.0.0.9:8635, type=UNKNOWN, state=CONNECTING}]}",
    "not master and slaveOk=false, ObjectId('507f1f77bcf86cd799439011'), term 12, rsName=shard_1",
    # Kafka
    "org.apache.kafka.common.errors.SaslAuthenticationException: Authentication failed: Invalid username or password",
    "Topic drs.orders.v1 not present in metadata after 60000 ms; clusterId=lkc-5oWvXQJ6T3yIzKkZ0aZ8Jg, node -1",
    "%3|1714558272.123|FAIL|rdkafka#producer-1| [thrd:sasl_ssl://b-1.example.com:9094/bootstrap]: SSL handshake failed:"
    " error:0A000086:SSL routines::certificate verify failed (after 23ms in state SSL_HANDSHAKE)",
    # JDBC
    trace(
        "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure",
        "com.mysql.cj.jdbc.exceptions.SQLError.createCommunicationsException(SQLError.java:174)",
        "com.mysql.cj.jdbc.ConnectionImpl.createNewIO(ConnectionImpl.java:828)",
        "com.mysql.cj.jdbc.ConnectionImpl.<init>(ConnectionImpl.java:448)",
        "jdk.internal.reflect.GeneratedConstructorAccessor42.newInstance(Unknown Source)",
    ),
    trace(
        "org.postgresql.util.PSQLException: Connect to jdbc:postgresql://10.0.3.1:5432/app?user=app&ssl=true&sslmode="
        "verify-ca failed: 100% of 3 attempts, code=0x3f0040",
        *(
            f"org.postgresql.core.v3.ConnectionFactoryImpl.<init>(ConnectionFactoryImpl.java:23{line}) [app=drs&amp;"
            f"node=\\\\n{line}]"
            for line in range(10)
        ),
    ),
    trace(
        "java.sql.SQLRecoverableException: IO Error: The Network Adapter could not establish the connection, Lambda$14/"
        "0x00000008000b1840@6d06d69c",
        "oracle.jdbc.driver.T4CConnection.logon(T4CConnection.java:854)",
        "oracle.jdbc.driver.PhysicalConnection.connect(PhysicalConnection.java:793) ~[ojdbc8-19.3.0.0.jar!/:19.3.0]",
    ),
    'jdbc:sqlserver://10.0.0.8:1433;databaseName=app;encrypt=true: "PKIX path building failed" ClientConnectionId:'
    "1d6a3bd5-9a34-4b0b-8d1a-6f2f5d5f5c11",
    # Chinese
    "连接数据库失败,请检查 IP 地址、端口、用户名和密码是否正确。",
    "源数据库用户 drs 权限不足:缺少 REPLICATION SLAVE 权限(DRS.M05001,任务 5f2c8e1a-77aa-4b1e-9d41-0123456789jb)",
    "测试连接超时(30 秒)。请确认安全组已放通 10.0.0.0/24 到 3306 端口,然后重试。\n详情:java.net.SocketTimeoutException",
    "\\u8fde\\u63a5\\u6570\\u636e\\u5e93\\u5931\\u8d25: ORA-01017",
    # proxies, networks, certificates
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr>nginx/1.18.0"
    " &amp; co&nbsp;&copy; 2024</body></html>",
    "x509: certificate CN=db.example.com,O=Example has expired on 2024-05-01T10:11:12.345+08:00, SHA-256 9F:86:D0:81:"
    "88:4C:7D:65:9A:2F:EA:A0:C5:5A:D0:15:A3:BF:4F:1B:2B:0B:82:2C:D1:5D:6C:15:B0:F0:0A:08",
    "connect ECONNREFUSED 10.0.0.5:3306; trace=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01, retry=3/3",
    "panic: runtime error: invalid memory address [signal SIGSEGV code=0x1 addr=0x18 pc=0x4a7d3c] goroutine 17",
    "/opt/drs/lib/libcrypto.so.1.1(+0x1b5f2c) [0x7f8a3c1b5f2c]; md5 5d41402abc4b2a76b9719d911017c592; pid 4711",
    "C:\\Program Files\\DRS\\agent\\conf\\ssl\\new\\x64\\ca.pem: Das System kann den Pfad nicht finden (ä=%E4)",
    "X-Amz-Id-2: eftixk72aD6Ap51TnqcoF8eFidJG9Z/2mkiDFu8yU9AS1ed4OpIszj7UDNEHGran; RequestId: 318BC8BC148832E5",
]


@pytest.mark.parametrize("text", ERRORS, ids=range(len(ERRORS)))
def test_an_ordinary_error_stays_as_it_is_and_takes_little_work(text):
    scrub = Scrubber([*PASSWORDS, TOKEN])

    assert scrub(text) == printable(text, MAX_TEXT)
    assert scrub.comparisons < MAX_COMPARISONS / 50


def test_a_batch_of_errors_is_shown_to_the_last():
    scrub = Scrubber([*PASSWORDS, TOKEN])

    assert not any(LEFT_OUT in scrub(f"{number}: {text}") for number in range(3) for text in ERRORS)


def test_random_ids_and_sums_are_not_taken_for_an_encoding_of_ten_random_passwords():
    rng = random.Random(11)  # noqa: S311
    for number in range(300):
        scrub = Scrubber("".join(rng.choices(string.ascii_letters + "#!%+", k=20)) for _ in range(10))
        raw = rng.randbytes(60)
        text = f"job {number} failed at 0x{raw[:8].hex()}: sum {raw[8:40].hex()}, id {base64.b64encode(raw).decode()}"
        assert scrub(text) == text


ESCAPES = [
    "%25",
    "%26",
    "=3D",
    "&amp;",
    "&#37;",
    "&lt;",
    "26amp;",
    "\\\\",
    "\\x25",
    "\\u0026",
    "\\",
    "%",
    "&",
    "+",
    "<b>",
]
ESCAPES += ["\n", "x41", "3D", "ä", "cGFz", "MDAw", "30", "0x"]


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from(ESCAPES), min_size=200, max_size=1500),
    st.sampled_from([PASSWORDS, PASSWORDS[-2:], [TOKEN]]),
)
def test_a_text_of_mixed_escapes_takes_a_small_share_of_the_work_of_an_answer(pieces, secrets):
    scrub = Scrubber(secrets)
    scrub("".join(pieces))

    assert scrub.comparisons < MAX_COMPARISONS / 5


@settings(max_examples=5)
@given(seed=st.integers(), secrets=st.sampled_from([PASSWORDS, PASSWORDS[-2:], [TOKEN]]))
def test_a_flood_of_mixed_escapes_takes_no_more_than_the_work_of_an_answer(seed, secrets):
    rng, scrub = random.Random(seed), Scrubber(secrets)  # noqa: S311
    shown = [scrub("".join(rng.choices(ESCAPES, k=700))) for _ in range(300)]

    assert scrub.comparisons <= MAX_COMPARISONS * 1.2
    assert shown[-1] == LEFT_OUT


def test_a_text_with_too_many_readings_is_left_out_before_all_of_them_are_made(monkeypatch):
    read: list[str] = []

    def readings(text: str) -> Iterator[str]:
        for way in decoding.readings(text):
            read.append(way)
            yield way

    monkeypatch.setattr(scrubber, "readings", readings)
    # one letter that stands for 18, and an escape that reads differently in each way
    text = "\ufdfa" * 1900 + "%2525+&amp;amp;amp;\\\\\\\\x41"

    assert Scrubber(PASSWORDS)(text) == LEFT_OUT
    assert sum(map(len, read)) < 2 * scrubber.MAX_READ
