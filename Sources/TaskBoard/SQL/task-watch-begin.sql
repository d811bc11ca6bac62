-- What is read after it is undone, and with it the lock on the table that would keep others from altering it.
SAVEPOINT watch
