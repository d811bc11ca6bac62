/// A connection string as it is handed over, put into the form that libpq reads.
///
/// Environments, secrets and `.env` files hold strings that were written for other drivers, and carry what editors, shells
/// and `docker --env-file` leave around them. What can only mean one thing is understood; what libpq would misread or
/// refuse without a name is named. Only words of this file are: a part of the string may be part of a password.
enum ConnectionString {
    /// The string in libpq's form.
    static func normalized(_ text: String) throws(PostgresError) -> String {
        let text = unwrapped(text)
        guard !text.utf8.contains(0) else { throw .malformedConnectionString(reason: "it holds a NUL character") }
        guard !text.hasPrefix("psql ") else {
            throw .malformedConnectionString(
                reason: "it is a command; give what follows psql alone, without the quotes")
        }
        guard let scheme = try scheme(of: text) else {
            try refuseOtherLists(text)
            try refuseWhatIsNoList(text)
            return text
        }
        // Keywords and values may be on lines of their own; within a URL a line break is an accident.
        guard !text.contains(where: \.isNewline) else {
            throw .malformedConnectionString(reason: "it is a URL with a line break in it; write it on one line")
        }
        return "postgresql://" + (try withLibPQParameters(text[scheme.upperBound...]))
    }

    /// Whether a normalized string is a URL.
    static func isURL(_ normalized: String) -> Bool {
        normalized.hasPrefix("postgresql://")
    }

    /// Blanks, line feeds, a byte order mark and a pair of quotes around the string are none of it.
    private static func unwrapped(_ text: String) -> String {
        func trimmed(_ text: Substring) -> Substring {
            let isBlank = { (character: Character) in character.isWhitespace || character == "\u{FEFF}" }
            let tail = text.drop(while: isBlank)
            return tail[..<(tail.lastIndex { !isBlank($0) }.map(tail.index(after:)) ?? tail.startIndex)]
        }
        let text = trimmed(text[...])
        for quote in ["\"", "'"] where text.count > 1 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return String(trimmed(text.dropFirst().dropLast()))
        }
        return String(text)
    }
}

// MARK: - Schemes

extension ConnectionString {
    /// PostgreSQL's own two, and those under which Django, Symfony and others know it.
    private static let schemes: Set = ["postgres", "postgresql", "pgsql", "psql", "postgis"]

    /// The range of a URL's scheme with the `://`; nil if the text is no URL.
    ///
    /// SQLAlchemy writes the driver behind a plus, Java's begin with `jdbc:`.
    private static func scheme(of text: String) throws(PostgresError) -> Range<String.Index>? {
        guard let match = text.prefixMatch(of: /(?i)(jdbc:)?([a-z][a-z0-9.\-]{0,30})(\+[a-z0-9_.\-]{1,30})?:\/\//)
        else {
            guard let name = text.prefixMatch(of: /(?i)jdbc:|dbi:|pgsql:|odbc:/) else { return nil }
            throw .malformedConnectionString(
                reason: "it is in the form of \(name.output.lowercased()); \(expectedForm)")
        }
        let scheme = match.output.2.lowercased()
        guard schemes.contains(scheme) else {
            throw .malformedConnectionString(
                reason: "its scheme \(scheme) is none of PostgreSQL's; \(expectedForm)")
        }
        return match.range
    }

    /// What messages ask for.
    static let expectedForm =
        "expected is postgresql://user@host:port/database with special characters percent-encoded, or keyword=value pairs"

    /// Npgsql and ODBC separate their pairs by semicolons, which libpq takes for parts of values.
    private static func refuseOtherLists(_ text: String) throws(PostgresError) {
        let hasSemicolons = text.contains(/(?i)^\s*[a-z][a-z _]{0,30}=[^;]*;\s*[a-z][a-z _]{0,30}=/)
        guard hasSemicolons, !text.contains("'") else { return }
        throw .malformedConnectionString(
            reason:
                "its pairs are separated by semicolons, as .NET and ODBC write them; write host=… port=… dbname=… user=…"
        )
    }
}

extension ConnectionString {
    /// Refuses what has neither a scheme nor begins with a keyword, by what it looks like; an empty string is none.
    private static func refuseWhatIsNoList(_ text: String) throws(PostgresError) {
        guard !text.isEmpty, !text.contains(/^[A-Za-z_]\w*\s*=/) else { return }
        let reason =
            if text.contains(/^(?:\$\{?\w+\}?|\$\(\w+\)|%\w+%|\{\{.*\}\}|<.*>)$/) {
                "it is the name of a variable in the place of its value; have the shell or the template put the value in"
            } else if text.hasPrefix("{") || text.hasPrefix("[") {
                "it is JSON, as a secret may hold it; give the connection string in it alone"
            } else {
                "it is neither a URL, which begins with postgresql://, nor keyword=value pairs; \(expectedForm)"
            }
        throw .malformedConnectionString(reason: reason)
    }
}

// MARK: - Parameters of URLs

extension ConnectionString {
    /// Parameters by which other libraries steer themselves; nothing of them concerns the server or the session.
    private static let parametersOfOthers: Set = [
        // Prisma.
        "pgbouncer", "connection_limit", "pool_timeout",
        // asyncpg and SQLAlchemy.
        "prepared_statement_cache_size", "statement_cache_size", "async_fallback", "pool_size", "max_overflow",
        // Doctrine.
        "serverVersion", "charset",
        // JDBC.
        "prepareThreshold", "preparedStatementCacheQueries", "reWriteBatchedInserts", "tcpKeepAlive",
        // node-postgres and what Supabase adds for it.
        "uselibpqcompat", "supa", "workaround",
        // pgx.
        "default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity", "pool_max_conns",
        "pool_min_conns", "pool_min_idle_conns", "pool_max_conn_lifetime", "pool_max_conn_lifetime_jitter",
        "pool_max_conn_idle_time", "pool_health_check_period",
        // Go's lib/pq.
        "binary_parameters", "disable_prepared_binary_result",
        // Rails.
        "encoding", "pool", "reaping_frequency", "prepared_statements", "statement_limit",
    ]

    /// Parameters of other libraries that mean something here, by what to write instead.
    private static let replacements = [
        "schema": "--table schema.table", "currentSchema": "--table schema.table",
        "search_path": "--table schema.table",
        "sslMode": "sslmode", "sslfactory": "sslmode and sslrootcert", "sslaccept": "sslmode",
        "sslidentity": "sslcert and sslkey", "targetServerType": "target_session_attrs",
        "loginTimeout": "connect_timeout", "connectTimeout": "connect_timeout", "socketTimeout": "tcp_user_timeout",
        "ApplicationName": "application_name", "socketFactory": "host", "cloudSqlInstance": "host",
        "unixSocketPath": "host", "timezone": "PGTZ", "TimeZone": "PGTZ", "statement_timeout": "ALTER ROLE … SET",
    ]

    private static let sslModes: Set = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

    /// The rest of a URL after its scheme, with parameters that libpq knows.
    private static func withLibPQParameters(_ rest: Substring) throws(PostgresError) -> String {
        // A question mark before the "@" belongs to the password.
        let authority = rest.firstIndex { $0 == "@" || $0 == "/" } ?? rest.startIndex
        let start = rest[authority...].first == "@" ? authority : rest.startIndex
        guard let mark = rest[start...].firstIndex(of: "?") else { return String(rest) }
        var parameters: [Substring] = []
        for parameter in rest[rest.index(after: mark)...].split(separator: "&") {
            if let translated = try translated(parameter) { parameters.append(translated) }
        }
        return rest[..<mark] + (parameters.isEmpty ? "" : "?") + parameters.joined(separator: "&")
    }

    /// A parameter as libpq takes it; nil if it is nothing to libpq.
    private static func translated(_ parameter: Substring) throws(PostgresError) -> Substring? {
        let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return parameter }
        let (name, value) = (parts[0], parts[1])
        switch (name, value.lowercased()) {
        case ("schema", "public"): return nil
        case ("ssl", "true"), ("ssl", "1"), ("sslmode", "no-verify"): return "sslmode=require"
        case ("ssl", "false"), ("ssl", "0"): return "sslmode=disable"
        case ("ssl", let mode) where sslModes.contains(mode): return "sslmode=\(mode)"
        case ("ssl", _):
            throw .malformedConnectionString(reason: "libpq does not know this value of ssl; write sslmode=require")
        default: break
        }
        if let replacement = replacements[name] {
            throw .malformedConnectionString(
                reason: "libpq knows no parameter \(name); take it out of the URL and use \(replacement) instead")
        }
        return parametersOfOthers.contains(name) ? nil : parameter
    }
}
