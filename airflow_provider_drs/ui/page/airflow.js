// Reads from Airflow's own REST API, with the viewer's login: Airflow decides who may see what.

export const OPERATORS = ["DrsTestConnectionsOperator", "DrsPrecheckOperator", "DrsApprovalOperator",
  "DrsStartJobsOperator", "DrsJobStatusSensor"];
const PAGE = 100; // the most that Airflow lists at once
const MAX_LISTED = 1000;
const MAX_REQUESTS = 100;

// Airflow may be served under a path
const base = location.pathname.replace(/\/drs\/[^/]*$/, "");
const enc = encodeURIComponent;

const dec = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // Airflow 3.1 leaves a % of an id as it is
  }
};

/** What the fragment names: nothing, a run, or a task; any map index but digits is none. */
export function place() {
  const parts = /^#\/dags\/([^/]+)\/runs\/([^/]+)(?:\/tasks\/([^/]+)(?:\/([^/]*))?)?$/.exec(location.hash);
  if (!parts) return {};
  const [dag, run, task] = parts.slice(1, 4).map((part) => part && dec(part));
  // a browser takes these for steps in a path
  if ([dag, run, task].some((part) => part === "." || part === "..")) return {};
  return { dag, run, task, map: /^\d{1,9}$/.test(parts[4] ?? "") ? Number(parts[4]) : -1 };
}

export const linkTo = ({ dag, run, task, map = -1 }) =>
  `#/dags/${enc(dag)}/runs/${enc(run)}` + (task ? `/tasks/${enc(task)}` + (map >= 0 ? `/${map}` : "") : "");

async function fetched(path) {
  try {
    const answer = await fetch(base + path, { credentials: "same-origin", headers: { Accept: "application/json" } });
    const body = await answer.json().catch(() => null);
    return { status: answer.status, body };
  } catch {
    return { status: 0, body: null };
  }
}

let asked;
const version = () => (asked ??= fetched("/api/v2/version").then(({ status }) => (status === 404 ? 1 : 2)));
const api = async (path) => fetched(`/api/v${await version()}${path}`);

/** Airflow 3 has version 2 of the API, Airflow 2 has version 1. */
export const isAirflow2 = async () => (await version()) === 1;

/** The address of a run or a task in Airflow's own pages. */
export async function pageOf({ dag, run, task, map }) {
  if (await isAirflow2()) {
    const query = new URLSearchParams({ dag_run_id: run, ...(task && { task_id: task }), ...(map >= 0 && { map_index: map }) });
    return `${base}/dags/${enc(dag)}/grid?${query}`;
  }
  const mapped = map >= 0 ? `/mapped/${map}` : "";
  return `${base}/dags/${enc(dag)}/runs/${enc(run)}` + (task ? `/tasks/${enc(task)}${mapped}` : "");
}

export const home = () => `${base}/`;

const runPath = ({ dag, run }) => `/dags/${enc(dag)}/dagRuns/${enc(run)}`;

/** The XCom of a task: `{status, body: {value}}`. */
export const xcom = (at) =>
  api(`${runPath(at)}/taskInstances/${enc(at.task)}/xcomEntries/return_value?map_index=${at.map}&stringify=false`);

/** A task instance with its state and, if it is mapped, its name. */
export const instance = (at) =>
  api(`${runPath(at)}/taskInstances/${enc(at.task)}` + (at.map >= 0 ? `/${at.map}` : ""));

// version 1 refuses what it does not know
const OURS = OPERATORS.map((name) => `operator=${name}`).join("&");
const isOurs = (each) => OPERATORS.includes(each?.operator);

/** All our tasks of a run. */
export async function tasksOf(at) {
  const tasks = [], filter = (await isAirflow2()) ? "" : `&${OURS}`;
  let offset = 0;
  for (let request = 0; ; request += 1) {
    const { status, body } = await api(`${runPath(at)}/taskInstances?limit=${PAGE}&offset=${offset}${filter}`);
    if (!Array.isArray(body?.task_instances)) return { status, tasks };
    tasks.push(...body.task_instances.filter(isOurs));
    // Airflow may be set up to list fewer at once, and need not count them
    offset += body.task_instances.length;
    const last = !body.task_instances.length || offset >= (body.total_entries ?? Infinity);
    if (last || tasks.length >= MAX_LISTED || request === MAX_REQUESTS) return { status, tasks };
  }
}

/** Our tasks of all runs, the latest first. */
export async function latest() {
  const { status, body } = await api(`/dags/~/dagRuns/~/taskInstances?order_by=-start_date&limit=${PAGE}&${OURS}`);
  return { status, tasks: Array.isArray(body?.task_instances) ? body.task_instances.filter(isOurs) : [] };
}
