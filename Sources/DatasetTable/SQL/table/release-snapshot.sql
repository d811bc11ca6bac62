-- The portal of the read keeps its snapshot, and with it the server's xmin, until another statement takes its place. This
-- one, in the simple protocol, leaves no portal behind: the transaction then idles without holding back VACUUM.
SELECT
