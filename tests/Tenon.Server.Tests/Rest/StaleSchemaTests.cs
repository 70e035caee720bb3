using Tenon.Core.Errors;
using Tenon.Core.Schema;
using Tenon.Server.Tests.Hosting;
using Tenon.Sources;
using Xunit;

namespace Tenon.Server.Tests.Rest;

/// <summary>Another process migrates the embedded database beside a running server.</summary>
public sealed class StaleSchemaTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_column_dropped_by_another_process_is_gone_for_the_next_request()
    {
        await using TestApp app = await TestApp.StartAsync("""
            create table notes (id int primary key, body text, pinned boolean, seen boolean);
            insert into notes values (1, 'a', true, false);
            grant select, insert, update, delete on notes to anon;
            """);
        Assert.Equal((200, """[{"id":1,"body":"a","pinned":true,"seen":false}]"""), await app.SendAsync("GET", "/rest/v1/notes"));
        Assert.Equal(201, (await app.SendAsync("POST", "/rest/v1/notes", null, """{"id":2,"body":"b","seen":true}""")).Status);
        await MigrateAsync(app, "2", "alter table notes drop column pinned");
        Assert.Equal((200, """[{"id":1,"body":"a","seen":false},{"id":2,"body":"b","seen":true}]"""), await app.SendAsync("GET", "/rest/v1/notes"));
        var (status, body) = await app.SendAsync("GET", "/rest/v1/notes?select=pinned");
        Assert.Equal(400, status);
        Assert.Contains("\"42703\"", body);

        await MigrateAsync(app, "3", "alter table notes drop column seen");
        // Nothing was written: the write is refused, whether the server looked in time or not.
        (status, body) = await app.SendAsync("POST", "/rest/v1/notes", null, """{"id":3,"body":"c","seen":true}""");
        Assert.True(status is 503 && body.Contains(ErrorCodes.SchemaChanged.Text) || status is 400 && body.Contains(ErrorCodes.NoColumn.Text), $"{status} {body}");
        (status, body) = await app.SendAsync("POST", "/rest/v1/notes", null, """{"id":3,"body":"c","seen":true}""");
        Assert.Equal((400, true), (status, body.Contains(ErrorCodes.NoColumn.Text)));
        Assert.Equal((200, """[{"id":1},{"id":2}]"""), await app.SendAsync("GET", "/rest/v1/notes?select=id&order=id"));

        await MigrateAsync(app, "4", "drop table notes");
        Assert.Equal(404, (await app.SendAsync("GET", "/rest/v1/notes?select=id&order=id")).Status);
    }

    internal static async Task MigrateAsync(TestApp app, string version, string text)
    {
        var options = new MainDatabaseOptions("sqlite:.tenon/data.db") { Folder = app.Folder, Schema = SchemaOptions.Standard };
        await using MainDatabase beside = await SourceRegistry.OpenMainAsync(options, Cancel);
        Assert.Null(await beside.ApplyAsync(version, "change", text, 0, Cancel));
    }
}
