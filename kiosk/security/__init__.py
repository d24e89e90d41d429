"""Keys, the officers who may sign in, and the audit log."""
