import { render } from "preact";
import "./styles/theme.css";
import "./styles/page.css";
import "./styles/figures.css";
import "./styles/rows.css";
import "./styles/print.css";
import { figures, listing, Rows } from "./embedded";
import { applyTheme, currentTheme } from "./parts/theme";
import { Report } from "./report/Report";

async function start(root: HTMLElement): Promise<void> {
  applyTheme(currentTheme());
  const report = figures();
  document.title = `${report.title} · tokentape`;
  render(<Report report={report} listing={await listing()} rows={new Rows()} />, root);
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
    root.textContent = `This page could not be shown: ${String(error)}`;
    document.documentElement.dataset["ready"] = "failed";
  });
}
