/**
 * How many routes change hands when node n joins and a route's owner is `route mod n`: what HaloD's table is better than.
 *
 * @param nodes how many there are with the one that joins, from 1
 */
export function movedByModHash(routes: number, nodes: number): number {
  if (nodes === 1) return routes;
  let moved = 0;
  for (let route = 1; route <= routes; route++) if (route % (nodes - 1) !== route % nodes) moved++;
  return moved;
}
