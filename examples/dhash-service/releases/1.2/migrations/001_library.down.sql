DROP TABLE alias;
DROP TABLE library;
