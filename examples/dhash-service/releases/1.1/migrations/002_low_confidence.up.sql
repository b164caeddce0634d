CREATE TABLE low_confidence (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  nearest_id INTEGER REFERENCES library (id) ON DELETE SET NULL,
  distance INTEGER,
  confidence REAL NOT NULL,
  queued_at TEXT NOT NULL
);
