export { pages } from "./pages.ts";
export type { Paints, PagesOptions } from "./pages.ts";
