using System.Runtime.InteropServices;

namespace Tenon.Sources.Sqlite;

// What SQLite calls back: functions, collations, progress, preupdate and WAL hooks, virtual file systems.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial int sqlite3_create_function_v2(
        nint db,
        byte* name,
        int arguments,
        int flags,
        nint app,
        delegate* unmanaged[Cdecl]<nint, int, nint*, void> call,
        delegate* unmanaged[Cdecl]<nint, int, nint*, void> step,
        delegate* unmanaged[Cdecl]<nint, void> final,
        delegate* unmanaged[Cdecl]<nint, void> destroy
    );

    [LibraryImport(Library)]
    internal static partial int sqlite3_create_window_function(
        nint db,
        byte* name,
        int arguments,
        int flags,
        nint app,
        delegate* unmanaged[Cdecl]<nint, int, nint*, void> step,
        delegate* unmanaged[Cdecl]<nint, void> final,
        delegate* unmanaged[Cdecl]<nint, void> value,
        delegate* unmanaged[Cdecl]<nint, int, nint*, void> inverse,
        delegate* unmanaged[Cdecl]<nint, void> destroy
    );

    [LibraryImport(Library)]
    internal static partial int sqlite3_create_collation_v2(
        nint db,
        byte* name,
        int encoding,
        nint app,
        delegate* unmanaged[Cdecl]<nint, int, byte*, int, byte*, int> compare,
        delegate* unmanaged[Cdecl]<nint, void> destroy
    );

    [LibraryImport(Library)]
    internal static partial nint sqlite3_user_data(nint context);

    [LibraryImport(Library)]
    internal static partial nint sqlite3_aggregate_context(nint context, int bytes);

    [LibraryImport(Library)]
    internal static partial nint sqlite3_context_db_handle(nint context);

    [LibraryImport(Library)]
    internal static partial nint sqlite3_get_auxdata(nint context, int argument);

    [LibraryImport(Library)]
    internal static partial void sqlite3_set_auxdata(
        nint context,
        int argument,
        nint data,
        delegate* unmanaged[Cdecl]<nint, void> destroy
    );

    [LibraryImport(Library)]
    internal static partial void sqlite3_progress_handler(
        nint db,
        int operations,
        delegate* unmanaged[Cdecl]<nint, int> handler,
        nint app
    );

    [LibraryImport(Library)]
    internal static partial nint sqlite3_wal_hook(
        nint db,
        delegate* unmanaged[Cdecl]<nint, nint, byte*, int, int> handler,
        nint app
    );

    /// <summary>Handler: (app, db, operation, schema, table, old rowid, new rowid).</summary>
    [LibraryImport(Library)]
    internal static partial nint sqlite3_preupdate_hook(
        nint db,
        delegate* unmanaged[Cdecl]<nint, nint, int, byte*, byte*, long, long, void> handler,
        nint app
    );

    [LibraryImport(Library)]
    internal static partial int sqlite3_preupdate_old(nint db, int column, nint* value);

    [LibraryImport(Library)]
    internal static partial int sqlite3_preupdate_new(nint db, int column, nint* value);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_preupdate_count(nint db);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int sqlite3_preupdate_depth(nint db);

    [LibraryImport(Library)]
    internal static partial nint sqlite3_vfs_find(byte* name);

    [LibraryImport(Library)]
    internal static partial int sqlite3_vfs_register(nint vfs, int makeDefault);

    [LibraryImport(Library)]
    internal static partial int sqlite3_vfs_unregister(nint vfs);
}
