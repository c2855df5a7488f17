/** Business dates as numbers yyyymmdd, and steps of one day in the Gregorian calendar. */

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** True for a date that exists, from 2000-01-01 to 9999-12-31. */
export function isDate(date: number): boolean {
  const year = Math.floor(date / 10000);
  const month = Math.floor(date / 100) % 100;
  const day = date % 100;
  if (!Number.isInteger(date) || year < 2000 || year > 9999 || month < 1 || month > 12) return false;
  return day >= 1 && day <= daysInMonth(year, month);
}

export function nextDate(date: number): number {
  const year = Math.floor(date / 10000);
  const month = Math.floor(date / 100) % 100;
  if (date % 100 < daysInMonth(year, month)) return date + 1;
  return month < 12 ? year * 10000 + (month + 1) * 100 + 1 : (year + 1) * 10000 + 101;
}

export function previousDate(date: number): number {
  if (date % 100 > 1) return date - 1;
  const year = Math.floor(date / 10000);
  const month = Math.floor(date / 100) % 100;
  if (month === 1) return (year - 1) * 10000 + 1231;
  return year * 10000 + (month - 1) * 100 + daysInMonth(year, month - 1);
}
