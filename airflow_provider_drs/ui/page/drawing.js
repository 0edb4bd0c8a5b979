// Draws what was read. All text enters the page as text: no markup is ever made from it.

/** An element; strings among its children become text. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const LONG = 120; // characters that may need more than three lines
const MOST = 2000; // characters that are shown; a browser takes seconds for a longer word

// what others wrote may turn the direction of writing, but only its own
const foreign = (content, name = "", tag = "bdi") =>
  content ? el(tag, { class: content.length > LONG ? `${name} long` : name, dir: "auto" }, content.slice(0, MOST) + (content.length > MOST ? "…" : "")) : null;

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** "3 minutes ago", with the exact time as a tooltip. */
export function age(iso) {
  const then = new Date(iso);
  if (Number.isNaN(then.getTime())) return null;
  const seconds = Math.round((then - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? UNITS.at(-1);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
  return el("time", { datetime: iso, title: then.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC") }, words);
}

const WORDS = { passed: "✓ Passed", failed: "✕ Failed", ALARM: "! Alarm", FAILED: "✕ Failed", PASSED: "✓ Passed" };

export const badge = (state, words = Object.hasOwn(WORDS, state) ? WORDS[state] : state) => el("span", { class: `badge ${state.toLowerCase()}` }, words);

function line(row, sided) {
  const opener = el("button", { class: "opener", "aria-expanded": "false" }, foreign(row.name, "name"));
  const items = row.items.map((each) =>
    el("li", {}, badge(each.waiver ? "waived" : each.result, each.waiver ? "✓ Waived" : undefined), " ", foreign(each.name, "item"), " ",
      foreign(each.reason, "why"), foreign(each.waiver, "waiver")));
  const element = el("tr", { class: row.passed ? "passed" : "failed" },
    el("td", { class: "result" }, badge(row.passed ? "passed" : "failed")),
    el("td", { class: "what" }, opener, foreign(row.under, "under")),
    sided ? el("td", { class: "side" }, foreign(row.side, "side")) : null,
    el("td", { class: "reason" },
      foreign(row.reason, row.passed ? "why quiet" : "why"), " ", foreign(row.code, "code", "code"),
      foreign(row.hint, "hint"), items.length ? el("ul", { class: "items" }, ...items) : null));
  opened.set(element, row);
  return element;
}

const opened = new WeakMap();

function details(row) {
  const pairs = row.details.flatMap(([name, content]) => [el("dt", {}, name), el("dd", {}, foreign(content))]);
  return el("tr", { class: row.passed ? "more passed" : "more failed" },
    el("td", { colspan: "4" }, el("dl", {}, ...pairs)));
}

function toggle(element) {
  const opener = element.querySelector(".opener");
  const open = opener.getAttribute("aria-expanded") !== "true";
  opener.setAttribute("aria-expanded", String(open));
  element.classList.toggle("open", open);
  if (open) element.after(details(opened.get(element)));
  else element.nextElementSibling.remove();
}

function table({ title, rows }) {
  const sided = rows.some((row) => row.side !== "");
  const body = el("tbody", {}, ...rows.map((row) => line(row, sided)));
  body.addEventListener("click", (event) => {
    const element = event.target.closest("tr:not(.more)");
    // a person who selects text to copy it does not want the row to open
    if (element && (event.target.closest("button") || !getSelection().toString())) toggle(element);
  });
  const columns = { result: "Result", what: title === "Jobs" ? "Job" : "Database", side: sided ? "Side" : null, reason: "Reason and what to do" };
  return el("table", { "aria-label": title, class: sided && "sided" }, head(columns), body);
}

/** The head of a table: the name of each column by its class. */
export const head = (columns) =>
  el("thead", {}, el("tr", {}, ...Object.entries(columns).map(([name, words]) => words && el("th", { scope: "col", class: name }, words)).filter(Boolean)));

function filter(id, counts, apply) {
  const choice = ([value, label, count]) => [
    el("input", { type: "radio", name: id, id: `${id}-${value}`, value, checked: value === "all" }),
    el("label", { for: `${id}-${value}` }, `${label} `, el("span", { class: "count" }, String(count))),
  ];
  const group = el("fieldset", { class: "filter" }, el("legend", {}, "Show"), ...counts.flatMap(choice));
  group.addEventListener("change", (event) => apply(event.target.value));
  return group;
}

function headline(content) {
  if (content.kind === "approval") return content.passed ? "Approved" : "Rejected";
  // endpoints may all pass, and a job fail after them
  const lead = content.tables.find((each) => each.rows.some((row) => !row.passed)) ?? content.tables[0];
  const total = lead?.rows.length ?? 0, failed = lead?.rows.filter((row) => !row.passed).length, what = lead?.title.toLowerCase();
  if (!total) return content.errors.length ? "Nothing was tested" : "The report is empty";
  if (content.kind === "wait") return failed ? `${failed} of ${total} jobs are lost` : `The status of ${total} ${total === 1 ? "job" : "jobs"}`;
  if (failed) return `${failed} of ${total} ${what} failed`;
  return content.passed ? (total === 1 ? `1 ${what.slice(0, -1)} passed` : `All ${total} ${what} passed`) : "Not passed";
}

let number = 0;

/** A whole report: verdict, filter and tables. */
export function drawn(content, copy) {
  const rows = content.tables.flatMap((each) => each.rows);
  const total = rows.length, failed = rows.filter((row) => !row.passed).length;
  const id = `show-${(number += 1)}`;
  const tables = el("div", { class: "tables", "data-show": "all" },
    ...content.tables.flatMap((each) => [content.tables.length > 1 ? el("h3", {}, each.title) : null, table(each)]).filter(Boolean));
  const button = content.summary ? el("button", { class: "action", type: "button" }, "Copy as Markdown") : null;
  button?.addEventListener("click", () => copy(content.summary));
  return el("section", { class: `report ${content.passed ? "passed" : "failed"}` },
    el("div", { class: "verdict" },
      el("span", { class: "mark", "aria-hidden": "true" }, content.passed ? "✓" : "✕"),
      el("div", { class: "words" },
        el("h2", {}, headline(content)),
        el("p", {}, content.name, content.at ? (content.kind === "approval" ? " · answered " : " · checked ") : "", age(content.at) ?? "",
          content.by ? " by " : "", foreign(content.by))),
      button),
    content.note ? el("blockquote", {}, foreign(content.note)) : null,
    content.details?.length ? el("dl", { class: "facts" }, ...content.details.flatMap(([name, each]) => [el("dt", {}, name), el("dd", {}, foreign(each))])) : null,
    content.errors.length ? el("ul", { class: "errors" }, ...content.errors.map((each) => el("li", {}, foreign(each)))) : null,
    total ? filter(id, [["all", "All", total], ["failed", "Failed", failed], ["passed", "Passed", total - failed]], (value) => { tables.dataset.show = value; }) : null,
    tables);
}

/** A sentence in place of a report. */
export const note = (words, ...more) => el("p", { class: "note" }, words, ...more);
