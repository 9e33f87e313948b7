"""Plain functions that several rooms of the suite share."""
