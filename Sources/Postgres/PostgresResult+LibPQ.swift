internal import CLibPQ

extension PostgresResult {
    /// A result with the columns of libpq's, which is in binary format, and without its rows.
    init(columnsOf result: OpaquePointer, statement: String) {
        let columns = unsafe (0..<PQnfields(result)).map { column in
            unsafe Column(name: String(cString: PQfname(result, column)), typeOID: PQftype(result, column))
        }
        self.init(statement: statement, columns: columns)
    }

    /// Copies the rows of a result with the same columns.
    mutating func append(rowsOf result: OpaquePointer) {
        for row in unsafe 0..<PQntuples(result) {
            beginRow()
            for column in unsafe 0..<PQnfields(result) {
                if unsafe PQgetisnull(result, row, column) == 1 {
                    appendNull()
                } else {
                    let length = Int(unsafe PQgetlength(result, row, column))
                    unsafe append(UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: length))
                }
            }
        }
    }
}
