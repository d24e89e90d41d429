"""What the unit keeps: the journal, encrypted images, the outbox, the roster, the queue."""
