-- A P1 alarm is shelved by two persons: what one has asked for waits here for the other, as JSON.

ALTER TABLE console.alarm ADD shelving text;
