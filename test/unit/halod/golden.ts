/** The table of HaloD's sketch for 24 routes: a character is the owner of a route; moves are written `route<-from`, in order. */
export const GOLDEN: readonly [nodes: number, owners: string, moves: string][] = [
  [1, "111111111111111111111111", ""],
  [2, "111111111111222222222222", "24<-1 23<-1 22<-1 21<-1 20<-1 19<-1 18<-1 17<-1 16<-1 15<-1 14<-1 13<-1"],
  [3, "111111113333222222223333", "24<-2 12<-1 23<-2 11<-1 22<-2 10<-1 21<-2 9<-1"],
  [4, "111111443333222222443344", "24<-3 20<-2 8<-1 23<-3 19<-2 7<-1"],
  [5, "111115443333222225443545", "24<-4 22<-3 18<-2 6<-1"],
  [6, "111165443333222265446565", "23<-4 21<-3 17<-2 5<-1"],
  [7, "111165443333222265476577", "23<-6 24<-5 20<-4"],
  [8, "111865443338222865476577", "12<-3 16<-2 4<-1"],
];

/** Moves as the golden table writes them. */
export function written(moves: readonly { readonly route: number; readonly from: number | string | null }[]): string {
  return moves.map(({ route, from }) => `${route}<-${from}`).join(" ");
}
