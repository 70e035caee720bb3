namespace Tenon.Core.Errors;

/// <summary>
/// The closed catalogue of codes. Every code is described in docs/errors.md and provoked by a test; both are checked.
/// Status of an SQLSTATE follows PostgREST: 42501 is 401 for anon and 403 for everybody else (decided where the caller is known).
/// </summary>
internal static class ErrorCodes
{
    // Connection (PostgREST 0xx)
    public static readonly ErrorCode SchemaChanged = new("PGRST002", 503);
    public static readonly ErrorCode PoolTimeout = new("PGRST003", 504);

    // Request (PostgREST 1xx)
    public static readonly ErrorCode QueryString = new("PGRST100", 400);
    public static readonly ErrorCode RpcMethod = new("PGRST101", 405);
    public static readonly ErrorCode InvalidBody = new("PGRST102", 400);
    public static readonly ErrorCode InvalidRange = new("PGRST103", 416);
    public static readonly ErrorCode InvalidPutFilters = new("PGRST105", 405);
    public static readonly ErrorCode UnknownSchema = new("PGRST106", 406);
    public static readonly ErrorCode NotAcceptable = new("PGRST107", 406);
    public static readonly ErrorCode NotEmbedded = new("PGRST108", 400);
    public static readonly ErrorCode ResponseHeaders = new("PGRST111", 500);
    public static readonly ErrorCode ResponseStatus = new("PGRST112", 500);
    public static readonly ErrorCode PutWithLimit = new("PGRST114", 400);
    public static readonly ErrorCode PutKeyMismatch = new("PGRST115", 400);
    public static readonly ErrorCode NotSingular = new("PGRST116", 406);
    public static readonly ErrorCode MethodNotAllowed = new("PGRST117", 405);
    public static readonly ErrorCode RelatedOrderNotToOne = new("PGRST118", 400);
    public static readonly ErrorCode EmbedFilterOperator = new("PGRST120", 400);
    public static readonly ErrorCode RaisedAnswer = new("PGRST121", 500);
    public static readonly ErrorCode InvalidPreferences = new("PGRST122", 400);
    public static readonly ErrorCode AggregatesDisabled = new("PGRST123", 400);
    public static readonly ErrorCode MaxAffected = new("PGRST124", 400);
    public static readonly ErrorCode InvalidPath = new("PGRST125", 404);
    public static readonly ErrorCode RootDisabled = new("PGRST126", 404);
    public static readonly ErrorCode NotImplemented = new("PGRST127", 400);
    public static readonly ErrorCode MaxAffectedRpc = new("PGRST128", 400);

    // Schema (PostgREST 2xx)
    public static readonly ErrorCode NoRelationship = new("PGRST200", 400);
    public static readonly ErrorCode AmbiguousRelationship = new("PGRST201", 300);
    public static readonly ErrorCode NoFunction = new("PGRST202", 404);
    public static readonly ErrorCode AmbiguousFunction = new("PGRST203", 300);
    public static readonly ErrorCode NoColumn = new("PGRST204", 400);
    public static readonly ErrorCode NoTable = new("PGRST205", 404);

    // Token (PostgREST 3xx)
    public static readonly ErrorCode InvalidToken = new("PGRST301", 401);
    public static readonly ErrorCode InvalidClaims = new("PGRST303", 401);

    // SQLSTATE
    public static readonly ErrorCode ConnectionFailure = new("08006", 503);
    public static readonly ErrorCode FeatureNotSupported = new("0A000", 400);
    public static readonly ErrorCode CardinalityViolation = new("21000", 500);
    public static readonly ErrorCode StringTooLong = new("22001", 400);
    public static readonly ErrorCode NumericOutOfRange = new("22003", 400);
    public static readonly ErrorCode InvalidDatetime = new("22007", 400);
    public static readonly ErrorCode DatetimeOverflow = new("22008", 400);
    public static readonly ErrorCode InvalidTimeZoneDisplacement = new("22009", 400);
    public static readonly ErrorCode SubstringError = new("22011", 400);
    public static readonly ErrorCode IntervalOverflow = new("22015", 400);
    public static readonly ErrorCode InvalidLogarithm = new("2201E", 400);
    public static readonly ErrorCode InvalidWidthBucket = new("2201G", 400);
    public static readonly ErrorCode InvalidPower = new("2201F", 400);
    public static readonly ErrorCode NullNotAllowed = new("22004", 400);
    public static readonly ErrorCode CharacterNotInRepertoire = new("22021", 400);
    public static readonly ErrorCode ArraySubscript = new("2202E", 400);
    public static readonly ErrorCode DivisionByZero = new("22012", 400);
    public static readonly ErrorCode InvalidRegex = new("2201B", 400);
    public static readonly ErrorCode InvalidParameterValue = new("22023", 400);
    public static readonly ErrorCode InvalidText = new("22P02", 400);
    public static readonly ErrorCode UntranslatableCharacter = new("22P05", 400);
    public static readonly ErrorCode ReadOnlyTransaction = new("25006", 405);
    public static readonly ErrorCode NotNullViolation = new("23502", 400);
    public static readonly ErrorCode ForeignKeyViolation = new("23503", 409);
    public static readonly ErrorCode UniqueViolation = new("23505", 409);
    public static readonly ErrorCode CheckViolation = new("23514", 400);
    public static readonly ErrorCode FunctionWithoutReturn = new("2F005", 400);
    public static readonly ErrorCode InvalidSchemaName = new("3F000", 400);
    public static readonly ErrorCode SerializationFailure = new("40001", 500);
    public static readonly ErrorCode InsufficientPrivilege = new("42501", 403);
    public static readonly ErrorCode CheckOptionViolation = new("44000", 400);
    public static readonly ErrorCode ObjectNotInState = new("55000", 400);
    public static readonly ErrorCode SyntaxError = new("42601", 400);
    public static readonly ErrorCode InvalidColumnReference = new("42P10", 400);
    public static readonly ErrorCode UndefinedColumn = new("42703", 400);
    public static readonly ErrorCode UndefinedObject = new("42704", 400);
    public static readonly ErrorCode UndefinedParameter = new("42P02", 400);
    public static readonly ErrorCode UndefinedFunction = new("42883", 404);
    public static readonly ErrorCode UndefinedTable = new("42P01", 404);
    public static readonly ErrorCode DuplicateObject = new("42710", 400);
    public static readonly ErrorCode DuplicateColumn = new("42701", 400);
    public static readonly ErrorCode DuplicateAlias = new("42712", 400);
    public static readonly ErrorCode DuplicateTable = new("42P07", 400);
    public static readonly ErrorCode DuplicateSchema = new("42P06", 400);
    public static readonly ErrorCode DuplicateFunction = new("42723", 400);
    public static readonly ErrorCode AmbiguousColumn = new("42702", 400);
    public static readonly ErrorCode AmbiguousFunctionCall = new("42725", 400);
    public static readonly ErrorCode DatatypeMismatch = new("42804", 400);
    public static readonly ErrorCode CannotCoerce = new("42846", 400);
    public static readonly ErrorCode GroupingError = new("42803", 400);
    public static readonly ErrorCode WindowingError = new("42P20", 400);
    public static readonly ErrorCode WrongObjectType = new("42809", 400);
    public static readonly ErrorCode InvalidObjectDefinition = new("42P17", 500);
    public static readonly ErrorCode InvalidForeignKey = new("42830", 400);
    public static readonly ErrorCode InvalidTableDefinition = new("42P16", 400);
    public static readonly ErrorCode InvalidFunctionDefinition = new("42P13", 400);
    public static readonly ErrorCode GeneratedAlways = new("428C9", 400);
    public static readonly ErrorCode DependentObjects = new("2BP01", 400);
    public static readonly ErrorCode DiskFull = new("53100", 503);
    public static readonly ErrorCode OutOfMemory = new("53200", 503);
    public static readonly ErrorCode TooManyConnections = new("53300", 503);
    public static readonly ErrorCode ProgramLimitExceeded = new("54000", 400);
    public static readonly ErrorCode StatementTooComplex = new("54001", 400);
    public static readonly ErrorCode LockNotAvailable = new("55P03", 500);
    public static readonly ErrorCode QueryCanceled = new("57014", 500);
    public static readonly ErrorCode AdminShutdown = new("57P01", 503);
    public static readonly ErrorCode IoError = new("58030", 503);
    public static readonly ErrorCode RaiseException = new("P0001", 400);
    public static readonly ErrorCode NoDataFound = new("P0002", 500);
    public static readonly ErrorCode TooManyRows = new("P0003", 500);
    public static readonly ErrorCode AssertFailure = new("P0004", 500);
    public static readonly ErrorCode InternalError = new("XX000", 500);
    public static readonly ErrorCode DataCorrupted = new("XX001", 500);

    // Tenon's own: limits, federation
    public static readonly ErrorCode UrlTooLong = new("TN101", 414);
    public static readonly ErrorCode BodyTooLarge = new("TN102", 413);
    public static readonly ErrorCode TooDeep = new("TN103", 400);
    public static readonly ErrorCode TooManyFilters = new("TN104", 400);
    public static readonly ErrorCode TooManyEmbeds = new("TN105", 400);
    public static readonly ErrorCode ListTooLong = new("TN106", 400);
    public static readonly ErrorCode TooManyRowsInBody = new("TN107", 413);
    public static readonly ErrorCode ResultTooLarge = new("TN108", 400);
    public static readonly ErrorCode RequestTimeout = new("TN109", 504);
    public static readonly ErrorCode TooCostly = new("TN110", 400);
    public static readonly ErrorCode KeyTooFast = new("TN111", 429);
    public static readonly ErrorCode ForeignOrigin = new("TN112", 403);
    public static readonly ErrorCode UnknownOutcome = new("TN201", 500);

    /// <summary>An SQLSTATE that user code chose in RAISE … USING ERRCODE. PTxyz answers status xyz (PostgREST).</summary>
    public static ErrorCode FromSqlState(string sqlState) =>
        sqlState.StartsWith("PT", StringComparison.Ordinal)
        && int.TryParse(sqlState.AsSpan(2), out int status)
        && status is >= 100 and < 600
            ? new ErrorCode(sqlState, status)
            : new ErrorCode(sqlState, StatusOfSqlState(sqlState));

    /// <summary>A code and a status that user code chose for its whole answer.</summary>
    public static ErrorCode OfTheApp(string code, int status) => new(code, status);

    // PostgREST's table "HTTP status codes" of its error reference: exact codes first, then classes.
    private static int StatusOfSqlState(string s) =>
        s switch
        {
            "23503" or "23505" => 409,
            "25006" => 405,
            "42883" or "42P01" => 404,
            "42P17" or "21000" => 500,
            "42501" => 403,
            "53400" => 500,
            "P0001" => 400,
            _ => s.Length < 2
                ? 400
                : s[..2] switch
                {
                    "08" or "53" => 503,
                    "57" when s is "57P01" or "57P02" or "57P03" => 503,
                    "09" or "25" or "2D" or "38" or "39" or "3B" or "40" or "54" or "55" or "57" or "58" or "F0" or "HV" or "P0" or "XX" => 500,
                    "0L" or "0P" or "28" => 403,
                    _ => 400,
                },
        };
}
