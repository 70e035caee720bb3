namespace Tenon.Sources.Sqlite;

// The constants of the C library that Tenon uses (values are part of SQLite's stable ABI).
internal static unsafe partial class Native
{
    internal const int Ok = 0;
    internal const int Error = 1;
    internal const int Perm = 3;
    internal const int Abort = 4;
    internal const int Busy = 5;
    internal const int Locked = 6;
    internal const int NoMem = 7;
    internal const int ReadOnly = 8;
    internal const int Interrupt = 9;
    internal const int IoErr = 10;
    internal const int Corrupt = 11;
    internal const int Full = 13;
    internal const int CantOpen = 14;
    internal const int Schema = 17;
    internal const int TooBig = 18;
    internal const int Constraint = 19;
    internal const int Mismatch = 20;
    internal const int Misuse = 21;
    internal const int Auth = 23;
    internal const int Range = 25;
    internal const int NotADb = 26;
    internal const int Row = 100;
    internal const int Done = 101;

    internal const int ConstraintCheck = Constraint | (1 << 8);
    internal const int ConstraintForeignKey = Constraint | (3 << 8);
    internal const int ConstraintFunction = Constraint | (4 << 8);
    internal const int ConstraintNotNull = Constraint | (5 << 8);
    internal const int ConstraintPrimaryKey = Constraint | (6 << 8);
    internal const int ConstraintTrigger = Constraint | (7 << 8);
    internal const int ConstraintUnique = Constraint | (8 << 8);
    internal const int ConstraintRowId = Constraint | (10 << 8);
    internal const int ConstraintDataType = Constraint | (12 << 8);
    internal const int IoErrNoMem = IoErr | (12 << 8);
    internal const int IoErrWrite = IoErr | (3 << 8);
    internal const int IoErrFsync = IoErr | (4 << 8);
    internal const int IoErrTruncate = IoErr | (6 << 8);

    internal const int TypeInteger = 1;
    internal const int TypeReal = 2;
    internal const int TypeText = 3;
    internal const int TypeBlob = 4;
    internal const int TypeNull = 5;

    internal const int OpenReadOnly = 0x1;
    internal const int OpenReadWrite = 0x2;
    internal const int OpenCreate = 0x4;
    internal const int ConfigMemoryStatus = 9;
    internal const int OpenNoMutex = 0x8000;
    internal const int OpenExtendedCodes = 0x2000000;

    internal const uint PreparePersistent = 1;
    internal const int StatusReprepared = 5;

    internal const int Utf8 = 1;
    internal const int FunctionDeterministic = 0x800;
    internal const int FunctionDirectOnly = 0x80000;
    internal const int FunctionInnocuous = 0x200000;

    internal const int StatusDeferredForeignKeys = 10;
    internal const int StatusCacheUsed = 1;

    internal const int CheckpointPassive = 0;
    internal const int CheckpointFull = 1;
    internal const int CheckpointTruncate = 3;

    internal const int OperationDelete = 9;
    internal const int OperationInsert = 18;
    internal const int OperationUpdate = 23;

    internal const int LimitLength = 0;
    internal const int LimitSqlLength = 1;
    internal const int LimitAttached = 7;

    /// <summary>SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.</summary>
    internal const nint Transient = -1;
}
