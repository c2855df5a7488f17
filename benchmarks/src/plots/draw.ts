export function drawAll() {}
export function save(_line: unknown) {}
