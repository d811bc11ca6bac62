internal import CLibPQ

extension PostgresResult {
    /// Copies libpq's result, which is in binary format, into a value of Swift's own.
    init(copying result: OpaquePointer, statement: String) {
        let columns = unsafe (0..<PQnfields(result)).map { column in
            unsafe Column(name: String(cString: PQfname(result, column)), typeOID: PQftype(result, column))
        }
        let rowCount = unsafe PQntuples(result)
        self.init(
            statement: statement, columns: columns, rowCount: Int(rowCount),
            affectedRowCount: unsafe Int(String(cString: PQcmdTuples(result))) ?? 0)
        for row in 0..<rowCount {
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
