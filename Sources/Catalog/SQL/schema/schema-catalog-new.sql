-- Room in each page, so that a row whose counts change stays in its page and no index is touched.
ALTER TABLE {TABLE} SET (fillfactor = 85);
