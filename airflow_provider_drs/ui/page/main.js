// Chooses what to show: the report of a task, all reports of a run, or the latest tasks.

import { home, instance, isAirflow2, latest, linkTo, pageOf, place, tasksOf, xcom } from "./airflow.js";
import { age, badge, drawn, el, head, note } from "./drawing.js";
import { read } from "./reading.js";

const MAX_SHOWN = 200; // reports of one run that are read at once
const AT_ONCE = 6; // requests to Airflow
const main = document.getElementById("main");
const embedded = window.top !== window;

const FAILED = new Set(["failed", "upstream_failed"]);
const OVER = new Set(["success", "failed", "skipped", "upstream_failed", "removed"]);

function copy(markdown) {
  const tell = (words) => { document.getElementById("status").textContent = words; };
  const byHand = () => {
    // without https a browser has no clipboard for pages
    const field = el("textarea", { "aria-hidden": "true", class: "hidden" });
    field.value = markdown;
    document.body.append(field);
    field.select();
    tell(document.execCommand("copy") ? "Copied." : "The browser refused to copy.");
    field.remove();
  };
  if (navigator.clipboard) navigator.clipboard.writeText(markdown).then(() => tell("Copied."), byHand);
  else byHand();
}

function refused(status) {
  const login = el("a", { href: home(), target: "_top" }, "Log in to Airflow");
  if (status === 401) return note("You are not logged in, so Airflow shows no report. ", login, ".");
  // Airflow 2 answers so to a viewer without a login, too
  if (status === 403) return note("Airflow does not let you read this report. It needs a login, and the right to read the XComs of the DAG. ", login, ".");
  if (status === 0) return note("Airflow does not answer. Load the page again.");
  return note(`Airflow refused to show the report, with HTTP ${status}.`);
}

const NO_REPORT = "This task has left no report.";

function withoutReport(status, state) {
  if (status !== 404) return refused(status);
  if (state && !OVER.has(state)) return note("There is no report yet: the task is ", el("strong", {}, state.replaceAll("_", " ")), ".");
  if (state) return note(`${NO_REPORT} It ended as `, el("strong", {}, state.replaceAll("_", " ")), "; its log says why.");
  return note(NO_REPORT);
}

const NOT_READ = "The XCom of this task is no report that this page can read. An XCom backend may keep reports elsewhere and a " +
  "reference in their place; then the log of the task has a line for each endpoint.";

async function report(at, state) {
  const { status, body } = await xcom(at);
  if (status !== 200) return withoutReport(status, state);
  if (body === null) return refused(401); // a page to log in, from whatever stands before Airflow
  try {
    const content = read(body.value);
    return content ? drawn(content, copy) : note(NOT_READ);
  } catch {
    return note(NOT_READ); // one odd report must not hide the others of its run
  }
}

const nameOf = (each) => each.task_id + (each.map_index >= 0 ? ` · ${each.rendered_map_index || each.map_index}` : "");
const spot = (each) => ({ dag: each.dag_id, run: each.dag_run_id, task: each.task_id, map: each.map_index });
const rank = (each) => (FAILED.has(each.state) ? 0 : each.state === "success" ? 2 : 1);
const mark = { __proto__: null, success: "✓ ", failed: "✕ ", upstream_failed: "✕ " };
const stateBadge = (state) => badge(String(state ?? "waiting"), (mark[state] ?? "") + String(state ?? "no state").replaceAll("_", " "));

async function oneTask(at) {
  const task = await instance(at);
  const name = task.body?.task_id ? nameOf(task.body) : at.task;
  return { name, parts: [await report(at, task.body?.state)] };
}

async function oneRun(at) {
  const { status, tasks } = await tasksOf(at);
  if (status !== 200) return { parts: [refused(status)] };
  if (!tasks.length) return { parts: [note("This run has no task of airflow-provider-drs.")] };
  tasks.sort((one, other) => rank(one) - rank(other));
  const shown = tasks.slice(0, MAX_SHOWN), parts = [];
  const next = shown.entries();
  const reader = async () => {
    for (const [index, each] of next) {
      const title = el("h1", {}, el("a", { href: linkTo(spot(each)) }, el("bdi", {}, nameOf(each))), " ", stateBadge(each.state));
      parts[index] = el("article", {}, title, await report(spot(each), each.state));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  if (tasks.length > shown.length) parts.push(note("The other tasks: "), listed(tasks.slice(MAX_SHOWN)));
  return { parts };
}

function listed(tasks) {
  const row = (each) => el("tr", {},
    el("td", { class: "result" }, stateBadge(each.state)),
    el("td", { class: "what" }, el("a", { class: "name", href: linkTo(spot(each)) }, el("bdi", {}, nameOf(each)))),
    el("td", { class: "dag" }, el("bdi", {}, each.dag_id)),
    el("td", { class: "run" }, el("a", { href: linkTo({ dag: each.dag_id, run: each.dag_run_id }) }, el("bdi", {}, each.dag_run_id)), " ", age(each.start_date)));
  const columns = { result: "State", what: "Task", dag: "DAG", run: "Run" };
  return el("table", { class: "list" }, head(columns), el("tbody", {}, ...tasks.map(row)));
}

async function everything() {
  if (await isAirflow2()) return { parts: [note("The page of a task has a link to its report: ", el("strong", {}, "DRS report"), ".")] };
  const { status, tasks } = await latest();
  if (status !== 200) return { parts: [refused(status)] };
  const title = el("h1", {}, "Latest gates");
  if (!tasks.length) return { parts: [title, note("No task of airflow-provider-drs has run yet.")] };
  return { parts: [title, listed(tasks)] };
}

async function steps({ dag, run, task }) {
  const start = (await isAirflow2()) ? [] : [el("a", { href: "#/" }, "Latest gates")];
  const name = el("bdi", {}, run);
  return [...start, el("bdi", {}, dag), task ? el("a", { href: linkTo({ dag, run }) }, name) : name];
}

async function show() {
  const at = place();
  main.setAttribute("aria-busy", "true");
  const chosen = at.task ? oneTask(at) : at.run ? oneRun(at) : everything();
  const { name, parts } = await chosen.catch(() => ({ parts: [note("Airflow's answer cannot be shown. Load the page again.")] }));
  if (JSON.stringify(place()) !== JSON.stringify(at)) return; // meanwhile another was chosen
  document.getElementById("path").replaceChildren(...(at.dag ? await steps(at) : []).map((step) => el("span", {}, step)));
  // a frame inside Airflow must not load Airflow into itself
  const way = at.dag && !embedded ? [el("a", { class: "action", href: await pageOf(at) }, at.task ? "Task in Airflow" : "Run in Airflow")] : [];
  document.getElementById("ways").replaceChildren(...way);
  main.replaceChildren(...(name ? [el("h1", {}, el("bdi", {}, name))] : []), ...parts);
  main.setAttribute("aria-busy", "false");
  const verdict = main.querySelector("h2")?.textContent;
  document.title = [verdict, name ?? at.run ?? "Latest gates", "DRS report"].filter(Boolean).join(" · ");
}

function theme() {
  // where Airflow keeps what the viewer chose; without a choice the system decides
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {
    // a browser may forbid it
  }
  document.documentElement.dataset.theme = ["light", "dark"].includes(chosen) ? chosen : "system";
}

theme();
window.addEventListener("storage", theme);
window.addEventListener("hashchange", show);
show();
