/** Says where IRC is, wherever the page names it; a server that does not tell leaves the general words. */
export async function showIrcAddress() {
  const response = await fetch("/network.json").catch(() => null);
  if (!response?.ok) return;
  /** @type {{irc: string | null}} */
  const { irc } = await response.json();
  if (irc === null) return;
  for (const place of document.querySelectorAll("[data-irc]")) place.textContent = irc;
}
