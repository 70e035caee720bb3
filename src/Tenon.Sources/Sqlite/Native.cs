using System.Runtime.InteropServices;

namespace Tenon.Sources.Sqlite;

// The thin binding to the SQLite C library: the functions under their C names, blittable signatures only, no policy.
// Native.cs: connections and transactions; Native.Statements.cs: statements, columns, values; Native.Hooks.cs: functions,
// collations, hooks, VFS; Native.Codes.cs: constants. Strings are zero-terminated UTF-8 pointers; handles are nint.
internal static unsafe partial class Native
{
    internal const string Library = "e_sqlite3";

    /// <summary>Its arguments are variable in C; passed so only where they travel like declared ones.</summary>
    [LibraryImport(Library)]
    internal static partial int sqlite3_config(int option, int value);

    [LibraryImport(Library)]
    internal static partial int sqlite3_open_v2(byte* filename, nint* db, int flags, byte* vfs);

    [LibraryImport(Library)]
    internal static partial int sqlite3_close_v2(nint db);

    [LibraryImport(Library)]
    internal static partial int sqlite3_extended_result_codes(nint db, int onOff);

    [LibraryImport(Library)]
    internal static partial int sqlite3_extended_errcode(nint db);

    [LibraryImport(Library)]
    internal static partial byte* sqlite3_errmsg(nint db);

    [LibraryImport(Library)]
    internal static partial byte* sqlite3_errstr(int code);

    [LibraryImport(Library)]
    internal static partial int sqlite3_error_offset(nint db);

    [LibraryImport(Library)]
    internal static partial int sqlite3_system_errno(nint db);

    [LibraryImport(Library)]
    internal static partial byte* sqlite3_libversion();

    [LibraryImport(Library)]
    internal static partial int sqlite3_busy_timeout(nint db, int milliseconds);

    [LibraryImport(Library)]
    internal static partial int sqlite3_limit(nint db, int id, int newValue);

    [LibraryImport(Library)]
    internal static partial void sqlite3_interrupt(nint db);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_get_autocommit(nint db);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial long sqlite3_changes64(nint db);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial long sqlite3_total_changes64(nint db);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial long sqlite3_last_insert_rowid(nint db);

    [LibraryImport(Library)]
    internal static partial int sqlite3_db_status(nint db, int operation, int* current, int* highest, int reset);

    [LibraryImport(Library)]
    internal static partial int sqlite3_wal_checkpoint_v2(nint db, byte* schema, int mode, int* logFrames, int* done);

    [LibraryImport(Library)]
    internal static partial nint sqlite3_backup_init(nint target, byte* targetName, nint source, byte* sourceName);

    [LibraryImport(Library)]
    internal static partial int sqlite3_backup_step(nint backup, int pages);

    [LibraryImport(Library)]
    internal static partial int sqlite3_backup_remaining(nint backup);

    [LibraryImport(Library)]
    internal static partial int sqlite3_backup_pagecount(nint backup);

    [LibraryImport(Library)]
    internal static partial int sqlite3_backup_finish(nint backup);
}
