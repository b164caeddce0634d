-- How many bits the next image is further away: a small margin is a hard case for the person who looks.
ALTER TABLE low_confidence ADD COLUMN margin INTEGER;
