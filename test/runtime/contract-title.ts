/** A difference is told in the name of its test, so that a report shows it. */
export function abilityTitle(can: boolean, about: { ability: string; can: string; cannot: string }): string {
  return can ? `${about.ability}: ${about.can}` : `declared difference: no ${about.ability}: ${about.cannot}`;
}
