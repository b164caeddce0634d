DROP TABLE low_confidence;
