// Loaded in the head, before the first paint, so that no page flashes in the wrong theme.
// The choice made here ("light" or "dark") wins over the one in the reader's profile, and that over the system's; printing
// is always light.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("pm-theme"); } catch { return null; } };
  const apply = (theme) => {
    if (root.dataset.bsTheme === theme) return;
    root.classList.add("switching"); // all colours at once, none of them slowly
    root.dataset.bsTheme = theme;
    void getComputedStyle(root).color;
    requestAnimationFrame(() => root.classList.remove("switching"));
    document.dispatchEvent(new CustomEvent("pm:theme", { detail: theme }));
  };
  const current = () => chosen() || root.dataset.pmOwnTheme || (system.matches ? "dark" : "light");

  window.pmTheme = {
    toggle() {
      const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
      try {
        if (next === (root.dataset.pmOwnTheme || (system.matches ? "dark" : "light"))) localStorage.removeItem("pm-theme");
        else localStorage.setItem("pm-theme", next);
      } catch { /* private windows may refuse storage: the choice then lasts for this page */ }
      apply(next);
    },
  };
  apply(current());
  system.addEventListener("change", () => apply(current()));
  addEventListener("beforeprint", () => apply("light"));
  addEventListener("afterprint", () => apply(current()));
})();
