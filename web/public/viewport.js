/** Keeps the page as high as what a phone's keyboard leaves free, where the browser does not do so by itself. */
export function followViewport() {
  const viewport = window.visualViewport;
  if (viewport === null) return;
  const fit = () => {
    // Pinch zoom also changes this height; the page must stay as it is then.
    if (viewport.scale !== 1) return;
    document.documentElement.style.setProperty("--page-height", `${viewport.height}px`);
    if (viewport.offsetTop > 0) window.scrollTo(0, 0);
  };
  viewport.addEventListener("resize", fit);
  viewport.addEventListener("scroll", fit);
  fit();
}
