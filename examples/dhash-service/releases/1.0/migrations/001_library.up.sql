CREATE TABLE library (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  file TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL CHECK (length(hash) = 16),
  added_at TEXT NOT NULL
);

-- Further hashes under which a person recognised an image.
CREATE TABLE alias (
  id INTEGER PRIMARY KEY,
  image_id INTEGER NOT NULL REFERENCES library (id) ON DELETE CASCADE,
  hash TEXT NOT NULL CHECK (length(hash) = 16),
  added_at TEXT NOT NULL,
  UNIQUE (image_id, hash)
);
