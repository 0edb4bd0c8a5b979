// What an XCom of this package says, in one form for all kinds: tables of rows, each passed or not.

const NAMES = {
  connections: "Connection test", precheck: "Pre-check", start: "Start of jobs", wait: "Status of jobs",
  approval: "Approval",
};
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value) => (Array.isArray(value) ? value : []);
const text = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
const known = (...pairs) => pairs.filter(([, value]) => text(value) !== "").map(([name, value]) => [name, text(value)]);

function endpoint(each) {
  return {
    passed: each.passed === true,
    name: text(each.label) || text(each.address),
    under: text(each.label) ? text(each.address) : "",
    side: text(each.side),
    reason: text(each.text) || (each.passed === true ? "" : "DRS gave no reason"),
    code: text(each.code),
    hint: text(each.hint),
    items: [],
    details: known(["Address", each.address], ["Database type", each.db_type], ["Job id", each.job_id],
      ["Status of the job", each.status], ["Request id", each.request_id], ["Seconds", each.seconds],
      ["Attempts", each.attempts]),
  };
}

function job(each, settled) {
  const passed = each.passed === true || (each.passed === undefined && settled.has(each.job_id));
  const stored = each.stored === true ? "yes" : each.stored === false ? "no" : "";
  const counted = each.items_passed > 0 ? `${each.items_passed} items passed` : "";
  return {
    passed,
    name: text(each.label) || text(each.job_id),
    under: text(each.label) ? text(each.job_id) : "",
    side: "",
    reason: text(each.text) || counted || (passed ? "" : "No reason is known"),
    code: text(each.code),
    hint: text(each.hint),
    items: list(each.items).filter(isObject).map(item),
    details: known(["Job id", each.job_id], ["Status of the job", each.status], ["Endpoints stored", stored],
      ["Warnings", list(each.warnings).join(" ")], ["Progress", each.process], ["Items passed", each.items_passed], ["Order id", each.order_id],
      ["Request id", each.request_id], ["Checked at", each.checked_at]),
  };
}

function item(each) {
  const waiver = isObject(each.waiver) ? each.waiver : null;
  return {
    result: text(each.result) || "UNKNOWN",
    name: [each.group, each.item].map(text).filter(Boolean).join(" / "),
    reason: [each.reason, each.text].map(text).filter(Boolean).join(" — "),
    waiver: waiver && `accepted until ${text(waiver.until)}` + (waiver.by ? ` by ${text(waiver.by)}` : "") + `: ${text(waiver.reason)}`,
  };
}

const failedFirst = (rows) => [...rows.filter((row) => !row.passed), ...rows.filter((row) => row.passed)];

function report(value) {
  const settled = new Set([...list(value.started), ...list(value.already)]);
  // a job whose endpoints were not to be stored says no more than its endpoints do
  const jobs = list(value.jobs).filter(isObject).filter((each) => value.kind !== "connections" || typeof each.stored === "boolean");
  const begun = jobs.length ? [] : [...settled].map((id) => ({ job_id: id, passed: true }));
  const tables = [
    { title: "Endpoints", rows: list(value.endpoints).filter(isObject).map(endpoint) },
    { title: "Jobs", rows: [...jobs, ...begun].map((each) => job(each, settled)) },
  ].filter((table) => table.rows.length);
  const errors = list(value.errors).map(text);
  return { kind: value.kind, tables, errors, passed: value.passed === true, at: text(value.checked_at), summary: text(value.summary) };
}

// what a job does not leave by itself; a sensor with `partial` ends in spite of such jobs
const LOST = /_FAILED$|^DELETED$|^RELEASE_RESOURCE_COMPLETE$/;

function wait(value) {
  const rows = Object.entries(value).map(([id, status]) => ({
    passed: status !== null && !LOST.test(status), name: id, under: "", side: "", code: "", hint: "", items: [],
    reason: status ?? "DRS refused the job", details: [["Job id", id], ["Status of the job", text(status)]],
  }));
  return { kind: "wait", tables: [{ title: "Jobs", rows }], errors: [], passed: rows.every((row) => row.passed), at: "", summary: "" };
}

function approval(value) {
  const rest = isObject(value.params_input) ? Object.entries(value.params_input) : [];
  const shown = (each) => (typeof each === "string" ? each : JSON.stringify(each));
  return {
    kind: "approval", tables: [], errors: [], passed: value.approved === true, at: text(value.at), summary: "",
    by: text(value.by), note: text(value.note),
    details: known(["Digest of the report", list(value.digest).join(", ") || value.digest], ...rest.map(([name, each]) => [name, shown(each)])),
  };
}

const isStatus = (value) => value === null || (typeof value === "string" && /^[A-Z][A-Z_]*$/.test(value));

/** The contents of an XCom, or `null` if it is none of this package's. */
export function read(value) {
  let content = value;
  if (typeof value === "string") {
    try {
      content = JSON.parse(value);
    } catch {
      return null;
    }
  }
  if (!isObject(content)) return null;
  let result = null;
  if (typeof content.approved === "boolean" && "digest" in content) result = approval(content);
  else if (typeof content.kind === "string" && typeof content.passed === "boolean") result = report(content);
  else if (Object.keys(content).length && Object.values(content).every(isStatus)) result = wait(content);
  if (!result) return null;
  result.tables = result.tables.map((table) => ({ ...table, rows: failedFirst(table.rows) }));
  // one word for the whole, so that no part of the page contradicts another
  const rows = result.tables.flatMap((table) => table.rows);
  const sound = !result.errors.length && rows.every((row) => row.passed) && (rows.length > 0 || result.kind === "approval");
  return { ...result, passed: result.passed && sound, name: Object.hasOwn(NAMES, result.kind) ? NAMES[result.kind] : result.kind };
}
