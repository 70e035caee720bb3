using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Server.Store;

namespace Tenon.Server.Tests.Auth;

/// <summary>The other tests of sign-in run on PostgreSQL; here every statement meets the embedded database.</summary>
public sealed class StoreStatementTests
{
    private sealed class Undo : Exception;

    [Fact]
    public async Task Every_statement_of_the_store_runs_on_the_embedded_database()
    {
        string folder = Directory.CreateTempSubdirectory("tenon-store-").FullName;
        try
        {
            var options = new BackendOptions { AppFolder = folder, DatabaseUrl = "sqlite:" + Path.Combine(folder, "data.db"), Keys = Keys.Create(TimeProvider.System) };
            await using TenonHost host = await TenonHost.StartAsync(options, "127.0.0.1", 0, cancellation: TestContext.Current.CancellationToken);
            var store = host.Services.GetRequiredService<StoreDatabase>();
            StoreStatement[] statements =
            [
                .. new[] { typeof(StoreStatement).Assembly, typeof(Tenon.Server.Provider.ProviderFeature).Assembly }
                    .SelectMany(assembly => assembly.GetTypes())
                    .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
                    .Where(field => field.FieldType == typeof(StoreStatement))
                    .Select(field => (StoreStatement)field.GetValue(null)!),
            ];
            Assert.True(statements.Length > 60, $"only {statements.Length} statements were found");
            foreach (StoreStatement statement in statements)
            {
                Assert.Null(await TryAsync(store, statement));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Runs a statement without arguments and takes it back; what is wrong with it, if anything.</summary>
    private static async Task<string?> TryAsync(StoreDatabase store, StoreStatement statement)
    {
        try
        {
            await store.WriteAsync<bool>(
                unit =>
                {
                    // A limit cannot be null.
                    unit.Execute(statement, [.. statement.Parameters.Select(type => type.Kind == TypeKind.Int8 ? Datum.Of(1) : Datum.Null)]);
                    throw new Undo();
                },
                TestContext.Current.CancellationToken
            );
            return "the unit was kept";
        }
        catch (Undo)
        {
            return null;
        }
        catch (TenonException e) when (e.Error.Code.Text.StartsWith("23", StringComparison.Ordinal))
        {
            // A not-null or check constraint: it compiled and ran.
            return null;
        }
        catch (Exception e)
        {
            return $"{statement.Name}: {e.Message}";
        }
    }
}
