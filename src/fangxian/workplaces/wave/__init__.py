"""The mathematics of the return wave: arrivals, queues, who comes when. No rows, no clock, no words."""
