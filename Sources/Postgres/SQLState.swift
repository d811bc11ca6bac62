/// The five-character code by which PostgreSQL names a condition, stable across versions and languages.
///
/// The first two characters are the class; the codes are listed in appendix A of the PostgreSQL manual.
public struct SQLState: Sendable, Hashable {
    /// The five characters, for example `"23505"`.
    public let code: String

    /// Accepts exactly five ASCII digits or upper-case letters, otherwise returns nil.
    public init?(_ code: some StringProtocol) {
        let isWellFormed = code.utf8.count == 5 && code.utf8.allSatisfy(Self.isAllowed)
        guard isWellFormed else { return nil }
        self.code = String(code)
    }

    private init(known code: String) {
        self.code = code
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    /// The class of the condition: the first two characters.
    public var classCode: String {
        String(code.prefix(2))
    }
}

extension SQLState {
    /// 08P01 `protocol_violation`: a message the server could not read, or pgbouncer giving up on a full pool.
    public static let protocolViolation = SQLState(known: "08P01")
    /// 0A000 `feature_not_supported`: among others, BEGIN READ WRITE on a standby.
    public static let featureNotSupported = SQLState(known: "0A000")
    /// 22000 `data_exception`: among others, pgvector on a vector of the wrong dimension.
    public static let dataException = SQLState(known: "22000")
    /// 22021 `character_not_in_repertoire`: text that is not valid in the encoding, such as a NUL.
    public static let characterNotInRepertoire = SQLState(known: "22021")
    /// 22P05 `untranslatable_character`: text with a character that the database's encoding lacks.
    public static let untranslatableCharacter = SQLState(known: "22P05")
    /// 22P03 `invalid_binary_representation`: a binary parameter of the wrong length.
    public static let invalidBinaryRepresentation = SQLState(known: "22P03")
    /// 23505 `unique_violation`.
    public static let uniqueViolation = SQLState(known: "23505")
    /// 25006 `read_only_sql_transaction`: a write on a standby, as after a failover.
    public static let readOnlySQLTransaction = SQLState(known: "25006")
    /// 25P03 `idle_in_transaction_session_timeout`: the server ended the session.
    public static let idleInTransactionSessionTimeout = SQLState(known: "25P03")
    /// 25P04 `transaction_timeout`: the server ended the session.
    public static let transactionTimeout = SQLState(known: "25P04")
    /// 28000 `invalid_authorization_specification`: no such role, or no rule lets it in.
    public static let invalidAuthorization = SQLState(known: "28000")
    /// 28P01 `invalid_password`.
    public static let invalidPassword = SQLState(known: "28P01")
    /// 3D000 `invalid_catalog_name`: no such database.
    public static let invalidCatalogName = SQLState(known: "3D000")
    /// 40001 `serialization_failure`.
    public static let serializationFailure = SQLState(known: "40001")
    /// 40P01 `deadlock_detected`.
    public static let deadlockDetected = SQLState(known: "40P01")
    /// 42501 `insufficient_privilege`.
    public static let insufficientPrivilege = SQLState(known: "42501")
    /// 42703 `undefined_column`.
    public static let undefinedColumn = SQLState(known: "42703")
    /// 42704 `undefined_object`: for example a type whose extension is missing.
    public static let undefinedObject = SQLState(known: "42704")
    /// 42883 `undefined_function`.
    public static let undefinedFunction = SQLState(known: "42883")
    /// 42P10 `invalid_column_reference`: among others, an update of a table whose publication filters by other columns than
    /// those of its replica identity.
    public static let invalidColumnReference = SQLState(known: "42P10")
    /// 42P01 `undefined_table`.
    public static let undefinedTable = SQLState(known: "42P01")
    /// 53100 `disk_full`.
    public static let diskFull = SQLState(known: "53100")
    /// 53200 `out_of_memory`.
    public static let outOfMemory = SQLState(known: "53200")
    /// 53300 `too_many_connections`.
    public static let tooManyConnections = SQLState(known: "53300")
    /// 53400 `configuration_limit_exceeded`.
    public static let configurationLimitExceeded = SQLState(known: "53400")
    /// 55000 `object_not_in_prerequisite_state`: among others, an update of a published table that has no replica identity.
    public static let objectNotInPrerequisiteState = SQLState(known: "55000")
    /// 55P03 `lock_not_available`: `lock_timeout` or `NOWAIT`.
    public static let lockNotAvailable = SQLState(known: "55P03")
    /// 57014 `query_canceled`: `statement_timeout` or `pg_cancel_backend`.
    public static let queryCanceled = SQLState(known: "57014")
    /// 57P01 `admin_shutdown`.
    public static let adminShutdown = SQLState(known: "57P01")
    /// 57P02 `crash_shutdown`.
    public static let crashShutdown = SQLState(known: "57P02")
    /// 57P03 `cannot_connect_now`: the server is starting or shutting down.
    public static let cannotConnectNow = SQLState(known: "57P03")
    /// 57P04 `database_dropped`: under this session.
    public static let databaseDropped = SQLState(known: "57P04")
    /// 57P05 `idle_session_timeout`: the server ended the session.
    public static let idleSessionTimeout = SQLState(known: "57P05")
    /// XX001 `data_corrupted`.
    public static let dataCorrupted = SQLState(known: "XX001")
}

extension SQLState {
    /// What a job should do about a failure.
    public enum Disposition: Sendable, Equatable {
        /// The circumstances are to blame: the same statement may succeed later, perhaps on a new connection.
        case retry
        /// The set-up is to blame: nothing will succeed until a person changes a name, a privilege or a setting.
        case configuration
        /// A value is to blame: isolate the row that holds it, the others can go on.
        case row
        /// None of these; most likely a defect of the program.
        case fatal
    }

    /// What the code alone says; ``PostgresError/ServerError/disposition`` refines it by the message.
    public var disposition: Disposition {
        switch self {
        case .queryCanceled, .adminShutdown, .crashShutdown, .cannotConnectNow, .serializationFailure,
            .deadlockDetected, .lockNotAvailable, .diskFull, .outOfMemory, .tooManyConnections,
            .configurationLimitExceeded, .readOnlySQLTransaction, .idleInTransactionSessionTimeout, .transactionTimeout,
            .idleSessionTimeout:
            .retry
        case .invalidAuthorization, .invalidPassword, .invalidCatalogName, .insufficientPrivilege, .undefinedTable,
            .undefinedColumn, .undefinedFunction, .undefinedObject, .databaseDropped:
            .configuration
        case .protocolViolation, .invalidBinaryRepresentation:
            // The server could not read what this module wrote.
            .fatal
        case .dataCorrupted:
            .row
        default:
            switch classCode {
            // Connections, resources, and the system the server runs on.
            case "08", "53", "58": .retry
            case "22", "23", "54": .row
            default: .fatal
            }
        }
    }
}

extension SQLState: CustomStringConvertible {
    /// The code, for example `23505`.
    public var description: String {
        code
    }
}
