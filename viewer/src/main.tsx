import { render } from "preact";
import "./styles/theme.css";
import "./styles/page.css";
import "./styles/figures.css";
import "./styles/rows.css";
import "./styles/print.css";
import { figures, isOldBrowser, listing, Rows } from "./embedded";
import { applyTheme, currentTheme } from "./parts/theme";
import { Report } from "./report/Report";

async function start(root: HTMLElement): Promise<void> {
  applyTheme(currentTheme());
  const report = figures();
  document.title = `${report.title} · tokentape`;
  const list = await listing();
  root.replaceChildren(); // what stood there until now; Preact leaves it
  render(<Report report={report} listing={list} rows={new Rows()} />, root);
  // After the next frame, when charts are drawn too: from here on everything answers.
  requestAnimationFrame(() =>
    setTimeout(() => {
      document.documentElement.dataset["ready"] = "yes";
      performance.mark("ready");
    }),
  );
}

const root = document.getElementById("app");
if (root !== null) {
  start(root).catch((error: unknown) => {
    const newer = "This browser is too old for this page: it takes Firefox 113, Chrome 98, Edge 98, Safari 16.4, or newer.";
    root.textContent = isOldBrowser() ? newer : `This page could not be shown: ${String(error)}`;
    document.documentElement.dataset["ready"] = "failed";
  });
}
