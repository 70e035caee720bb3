using System.Data;
using MySqlConnector;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>
/// One request's hold on one connection. Reads of several statements share a snapshot (REPEATABLE READ); writes lock what
/// they touch under READ COMMITTED. Cancelling the request kills the statement that runs.
/// </summary>
internal sealed class MySqlLease : IDisposable
{
    private readonly MySqlConnection connection;
    private readonly string source;
    private readonly CancellationToken cancellation;
    private readonly Action<MySqlFailure> failed;
    private MySqlTransaction? transaction;
    private CancellationTokenRegistration registration;
    private MySqlCommand? running;
    private bool disposed;

    private MySqlLease(MySqlConnection connection, string source, Action<MySqlFailure> failed, CancellationToken cancellation)
    {
        this.connection = connection;
        this.source = source;
        this.failed = failed;
        this.cancellation = cancellation;
    }

    public static async ValueTask<MySqlLease> RentAsync(MySqlPool pool, IsolationLevel? level, Action<MySqlFailure> failed, CancellationToken cancellation)
    {
        MySqlConnection connection = await pool.RentAsync(cancellation).ConfigureAwait(false);
        var lease = new MySqlLease(connection, pool.Name, failed, cancellation);
        try
        {
            if (level is { } wanted)
            {
                lease.transaction = await connection.BeginTransactionAsync(wanted, cancellation).ConfigureAwait(false);
            }
            return lease;
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            lease.Dispose();
            throw lease.Failed(failure);
        }
    }

    /// <summary>Starts a statement; the connection is free for the next one when the reader has ended.</summary>
    public MySqlReader Run(MySqlCompiled statement, StatementArguments arguments, IReadOnlyList<Datum[]>? rows = null)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellation.ThrowIfCancellationRequested();
        MySqlCommand command = MySqlBinding.Command(connection, statement, arguments, rows);
        command.Transaction = transaction;
        running = command;
        registration = cancellation.CanBeCanceled ? cancellation.UnsafeRegister(static c => Task.Run(((MySqlCommand)c!).Cancel), command) : default;
        try
        {
            return new MySqlReader(command.ExecuteReader(CommandBehavior.Default), statement.Columns, Failed, Ended);
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            Ended();
            throw Failed(failure);
        }
    }

    private MySqlFailure Failed(Exception failure)
    {
        MySqlFailure error = MySqlErrors.Of(failure, source);
        failed(error);
        return error;
    }

    private void Ended()
    {
        registration.Dispose();
        registration = default;
        running?.Dispose();
        running = null;
    }

    public void Commit()
    {
        try
        {
            transaction?.Commit();
            transaction?.Dispose();
            transaction = null;
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            throw Failed(failure);
        }
    }

    /// <summary>Ends the transaction (undoing what was not committed) and gives the connection back.</summary>
    public void Dispose()
    {
        if (disposed)
        {
            return;
        }
        disposed = true;
        Ended();
        try
        {
            transaction?.Dispose();
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure) || failure is InvalidOperationException)
        {
            // The connection is gone and took the transaction with it.
            failed(MySqlErrors.Of(failure, source));
        }
        connection.Dispose();
    }
}

/// <summary>A request's reads on one connection and, where there are several, in one snapshot.</summary>
internal sealed class MySqlSession(MySqlLease lease) : SourceSession
{
    public override RowReader Run(CompiledStatement statement, StatementArguments arguments)
    {
        Statements++;
        return lease.Run((MySqlCompiled)statement, arguments);
    }

    public override List<Datum[]> Rows(CompiledStatement statement, StatementArguments arguments)
    {
        using RowReader reader = Run(statement, arguments);
        return MySqlValues.ReadAll(reader, statement.Columns);
    }

    public override void Dispose() => lease.Dispose();
}
