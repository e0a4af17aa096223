// Light or dark: as the system says, or as the reader chose. The choice is kept where the browser allows it.
const KEY = "tokentape-theme";
export type Theme = "light" | "dark";

const asked = window.matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null;
  }
}

export function currentTheme(): Theme {
  return stored() ?? (asked.matches ? "dark" : "light");
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  document.dispatchEvent(new Event("themechange"));
}

export function toggleTheme(): Theme {
  const next = document.documentElement.dataset["theme"] === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A page from disk may have no storage: the choice then lasts as long as the page.
  }
  applyTheme(next);
  return next;
}

asked.addEventListener("change", () => {
  if (stored() === null) applyTheme(currentTheme());
});

// Charts are drawn in the colours of the screen: for paper they are drawn again.
addEventListener("beforeprint", () => applyTheme("light"));
addEventListener("afterprint", () => applyTheme(currentTheme()));
