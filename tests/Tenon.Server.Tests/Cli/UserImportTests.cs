using System.Text;
using System.Text.Json;

namespace Tenon.Server.Tests.Cli;

/// <summary>
/// tenon user import under a running server: small files of each system, and their users sign in afterwards. The hashes were
/// made elsewhere: bcrypt by libxcrypt, PBKDF2 by Python's hashlib, Argon2 by libsodium, Firebase's is that of its own README.
/// </summary>
public sealed class UserImportTests
{
    private const string Bcrypt = "$2b$06$abcdefghijklmnopqrstuuR2h/lkQFuL39TeAbGB.4WVUnAqvYcHO"; // blue-giraffe-42
    private const string Bcrypt2 = "$2a$06$abcdefghijklmnopqrstuuswEDNSDW1qj9oML/O4/sZ6RRYZq96BO"; // red-lynx-17
    private const string Greeting = "Grüße, 2 Vögel!";

    private static readonly string Dump = $$"""
        SET session_replication_role = replica;
        COPY auth.identities (provider_id, user_id, identity_data, provider, created_at, id) FROM stdin;
        {{Id(1)}}	{{Id(1)}}	{"sub": "{{Id(1)}}", "email": "ann@x.test"}	email	2024-01-02 03:04:05.678901+00	{{Id(101)}}
        118	{{Id(1)}}	{"sub": "118", "email": "ann@x.test", "name": "Ann\\tTab"}	google	2024-01-02 03:04:05+00	{{Id(102)}}
        119	{{Id(99)}}	{"sub": "119"}	google	\N	{{Id(103)}}
        \.
        INSERT INTO "auth"."users" ("instance_id", "id", "aud", "role", "email", "encrypted_password", "email_confirmed_at", "raw_app_meta_data", "raw_user_meta_data", "created_at", "deleted_at", "is_anonymous", "is_sso_user") VALUES
        	('00000000-0000-0000-0000-000000000000', '{{Id(1)}}', 'authenticated', 'authenticated', 'Ann@x.test', '{{Bcrypt}}', '2024-01-02 03:04:05.678901+00', '{"provider": "email", "providers": ["email", "google"]}', '{"name": "O''Brien\nof two lines; (really)",
        "a": 1}', '2024-01-02 03:04:05.678901+00', NULL, false, false),
        	('00000000-0000-0000-0000-000000000000', '{{Id(2)}}', 'authenticated', 'authenticated', 'bob@x.test', 'md5$x', NULL, '{}', '{}', NULL, NULL, false, false),
        	('00000000-0000-0000-0000-000000000000', '{{Id(3)}}', 'authenticated', 'admin', 'cat@x.test', NULL, NULL, '{}', '{}', NULL, NULL, false, false),
        	('00000000-0000-0000-0000-000000000000', '{{Id(4)}}', 'authenticated', 'authenticated', 'ANN@x.test', NULL, NULL, '{}', '{}', NULL, NULL, false, false),
        	('00000000-0000-0000-0000-000000000000', '{{Id(5)}}', 'authenticated', 'authenticated', NULL, NULL, NULL, '{}', '{}'::jsonb, NULL, NULL, true, false),
        	('00000000-0000-0000-0000-000000000000', '{{Id(6)}}', 'authenticated', 'authenticated', 'old@x.test', NULL, NULL, '{}', '{}', NULL, '2024-01-02', false, false);
        """;

    private static string Id(int n) => $"00000000-0000-4000-8000-{n:d12}";

    private static async Task<CommandApp> StartAsync()
    {
        CommandApp app = await CommandApp.MakeAsync();
        await app.StartServerAsync();
        return app;
    }

    private static async Task<string> WriteAsync(CommandApp app, string name, string text)
    {
        string path = Path.Combine(app.Folder, name);
        await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        return path;
    }

    private static async Task<(int Status, JsonElement Body)> SignInAsync(CommandApp app, string email, string password)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, app.Url + "/auth/v1/token?grant_type=password");
        request.Headers.Add("apikey", app.DevFile.GetProperty("publishableKey").GetString());
        request.Content = new StringContent(JsonSerializer.Serialize(new { email, password }), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    private static string Counts(JsonElement report, string what) =>
        report.GetProperty(what) is { ValueKind: JsonValueKind.Object } c
            ? string.Join(' ', c.EnumerateObject().Select(m => m.Value.ToString()))
            : "none";

    private static string[] Refusals(JsonElement report) =>
        [.. report.GetProperty("refusals").EnumerateArray().Select(r => $"{r.GetProperty("line")}: {r.GetProperty("reason")}")];

    [Fact]
    public async Task A_Supabase_dump_is_tried_imported_imported_again_and_its_users_sign_in()
    {
        await using CommandApp app = await StartAsync();
        string file = await WriteAsync(app, "dump.sql", Dump);
        CommandRun tried = await app.RunAsync("user", "import", file, "--from", "supabase", "--dry-run", "--json");
        Assert.Equal("2 0 4", Counts(tried.Json, "users"));
        Assert.Equal("(0 users on page 1)", (await app.RunAsync("user", "list")).Output.Trim().Split('\n')[^1]);

        CommandRun run = await app.RunAsync("user", "import", file, "--from", "supabase", "--json");
        Assert.Equal(1, run.Code);
        Assert.Equal(("2 0 4", "2 0 1"), (Counts(run.Json, "users"), Counts(run.Json, "identities")));
        string[] refused = Refusals(run.Json);
        Assert.Contains(refused, r => r.StartsWith("10: password hash: only argon2id", StringComparison.Ordinal));
        Assert.Contains(refused, r => r.StartsWith("11: users may not have the role \"admin\"", StringComparison.Ordinal));
        Assert.Contains("12: another user has the address ann@x.test", refused);
        Assert.Contains("14: the user was deleted there", refused);
        Assert.Contains($"5: there is no user {Id(99)}", refused);

        CommandRun again = await app.RunAsync("user", "import", file, "--from", "supabase", "--json");
        Assert.Equal(("0 2 4", "0 2 1"), (Counts(again.Json, "users"), Counts(again.Json, "identities")));

        Assert.Equal(400, (await SignInAsync(app, "ann@x.test", "blue-giraffe-43")).Status);
        (int status, JsonElement session) = await SignInAsync(app, "ann@x.test", "blue-giraffe-42");
        Assert.Equal(200, status);
        JsonElement user = session.GetProperty("user");
        Assert.Equal(Id(1), user.GetProperty("id").GetString());
        Assert.Equal("O'Brien\nof two lines; (really)", user.GetProperty("user_metadata").GetProperty("name").GetString());
        Assert.Equal("2024-01-02T03:04:05.678901Z", user.GetProperty("created_at").GetString());
        Assert.Equal(["email", "google"], user.GetProperty("identities").EnumerateArray().Select(i => i.GetProperty("provider").GetString()!).Order());
        // Replaced by the server's own at this sign-in, and good for the next.
        CommandRun hash = await app.RunAsync("sql", "select left(encrypted_password, 10) as h from auth.users where email = 'ann@x.test'", "--json");
        Assert.Equal("""[{"h":"$argon2id$"}]""", hash.Output.Trim());
        Assert.Equal(200, (await SignInAsync(app, "ann@x.test", "blue-giraffe-42")).Status);
        Assert.StartsWith("{\"valid\":true", (await app.RunAsync("audit", "verify", "--json")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Telephones_of_Supabase_are_carried_as_contact_and_as_factor()
    {
        await using CommandApp app = await StartAsync();
        string file = await WriteAsync(
            app,
            "phones.sql",
            $$"""
            COPY auth.users (id, aud, role, email, phone, encrypted_password, phone_confirmed_at, raw_app_meta_data, raw_user_meta_data) FROM stdin;
            {{Id(1)}}	authenticated	authenticated	\N	15005550006	{{Bcrypt}}	2024-01-02 03:04:05+00	{"provider": "phone", "providers": ["phone"]}	{}
            {{Id(2)}}	authenticated	authenticated	bob@x.test	+1 500 555 0007	\N	\N	{}	{}
            {{Id(3)}}	authenticated	authenticated	\N	+15005550006	\N	\N	{}	{}
            {{Id(4)}}	authenticated	authenticated	\N	no number	\N	\N	{}	{}
            \.
            COPY auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret, phone) FROM stdin;
            {{Id(11)}}	{{Id(1)}}	mine	phone	verified	2024-01-02 03:04:05+00	2024-01-02 03:04:05+00	\N	+15005550008
            {{Id(12)}}	{{Id(1)}}	second	phone	verified	2024-01-02 03:04:05+00	2024-01-02 03:04:05+00	\N	15005550009
            {{Id(13)}}	{{Id(2)}}	none	phone	verified	2024-01-02 03:04:05+00	2024-01-02 03:04:05+00	\N	\N
            \.
            """
        );
        CommandRun run = await app.RunAsync("user", "import", file, "--from", "supabase", "--json");
        Assert.Equal(("2 0 2", "1 0 2"), (Counts(run.Json, "users"), Counts(run.Json, "factors")));
        Assert.Contains(Refusals(run.Json), refused => refused.StartsWith("4: ", StringComparison.Ordinal) && refused.Contains("15005550006", StringComparison.Ordinal));
        Assert.Contains(Refusals(run.Json), refused => refused.StartsWith("9: the user has a verified telephone", StringComparison.Ordinal));
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("apikey", app.DevFile.GetProperty("secretKey").GetString());
        async Task<JsonElement> UserAsync(int n) => JsonElement.Parse(await http.GetStringAsync($"{app.Url}/auth/v1/admin/users/{Id(n)}", TestContext.Current.CancellationToken));
        JsonElement ann = await UserAsync(1);
        Assert.Equal(("15005550006", "2024-01-02T03:04:05Z"), (ann.GetProperty("phone").GetString(), ann.GetProperty("phone_confirmed_at").GetString()));
        Assert.Equal("phone", Assert.Single(ann.GetProperty("identities").EnumerateArray()).GetProperty("provider").GetString());
        JsonElement factor = Assert.Single(ann.GetProperty("factors").EnumerateArray());
        Assert.Equal(("phone", "15005550008", "verified"), (factor.GetProperty("factor_type").GetString(), factor.GetProperty("phone").GetString(), factor.GetProperty("status").GetString()));
        JsonElement bob = await UserAsync(2);
        Assert.Equal("15005550007", bob.GetProperty("phone").GetString());
        Assert.False(bob.TryGetProperty("phone_confirmed_at", out _));
    }

    [Fact]
    public async Task Supabase_tables_as_CSV_and_JSON_are_read_and_a_user_without_identities_gets_one()
    {
        await using CommandApp app = await StartAsync();
        string csv = await WriteAsync(
            app,
            "users.csv",
            $$"""
            id,email,encrypted_password,email_confirmed_at,raw_user_meta_data
            {{Id(1)}},ann@x.test,{{Bcrypt}},2024-01-02 03:04:05+00,"{""name"": ""a, b\nc"",
            ""a"": 1}"
            {{Id(2)}},not an address,,,
            """
        );
        CommandRun run = await app.RunAsync("user", "import", csv, "--from", "supabase", "--json");
        Assert.Equal("1 0 1", Counts(run.Json, "users"));
        Assert.Equal(["4: Unable to validate email address: invalid format"], Refusals(run.Json));
        JsonElement user = (await SignInAsync(app, "ann@x.test", "blue-giraffe-42")).Body.GetProperty("user");
        Assert.Equal("a, b\nc", user.GetProperty("user_metadata").GetProperty("name").GetString());
        Assert.Equal("email", Assert.Single(user.GetProperty("identities").EnumerateArray()).GetProperty("provider").GetString());

        string json = await WriteAsync(
            app,
            "users.json",
            $$"""
            [
              {"id": "{{Id(3)}}", "email": "cat@x.test", "encrypted_password": "{{Bcrypt2}}", "email_confirmed_at": "2024-01-02T03:04:05Z",
               "raw_app_meta_data": {"plan": "pro"}, "identities": [{"provider": "github", "provider_id": "7", "identity_data": {"sub": "7"} }]},
              {"id": "{{Id(4)}}", "email": "dan@x.test", "identities": [{"provider": "github", "provider_id": "7", "identity_data": {} }]}
            ]
            """
        );
        CommandRun second = await app.RunAsync("user", "import", json, "--from", "supabase", "--json");
        Assert.Equal(["4: another user has the github identity 7"], Refusals(second.Json));
        JsonElement cat = (await SignInAsync(app, "cat@x.test", "red-lynx-17")).Body.GetProperty("user");
        Assert.Equal("pro", cat.GetProperty("app_metadata").GetProperty("plan").GetString());
        Assert.Equal("github", Assert.Single(cat.GetProperty("identities").EnumerateArray()).GetProperty("provider").GetString());
    }

    [Fact]
    public async Task A_Firebase_export_is_read_with_the_parameters_of_its_project()
    {
        await using CommandApp app = await StartAsync();
        string file = await WriteAsync(
            app,
            "firebase.json",
            """
            {"users": [
            {"localId": "abc", "email": "fire@x.test", "emailVerified": true, "displayName": "Fire", "createdAt": "1704164645678",
             "passwordHash": "lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==", "salt": "42xEC+ixf3L2lw==",
             "customAttributes": "{\"tier\":2}", "providerUserInfo": [{"providerId": "google.com", "rawId": "55", "email": "fire@x.test"}, {"providerId": "password", "rawId": "fire@x.test"}]},
            {"localId": "off", "email": "off@x.test", "emailVerified": true, "disabled": true,
             "passwordHash": "lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==", "salt": "42xEC+ixf3L2lw=="},
            {"localId": "anon"},
            {"localId": "tel", "phoneNumber": "+4915112345678"}
            ]}
            """
        );
        CommandRun without = await app.RunAsync("user", "import", file, "--from", "firebase", "--json", "--dry-run");
        Assert.Contains("2: the user has a password: give the project's parameters with --hash-config", Refusals(without.Json));
        string config = await WriteAsync(
            app,
            "hash_config.txt",
            """
            hash_config {
              algorithm: SCRYPT,
              base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
              base64_salt_separator: Bw==,
              rounds: 8,
              mem_cost: 14,
            }
            """
        );
        CommandRun run = await app.RunAsync("user", "import", file, "--from", "firebase", "--hash-config", config, "--json");
        Assert.Equal("4 0 0", Counts(run.Json, "users"));
        Assert.Equal("0 4 0", Counts((await app.RunAsync("user", "import", file, "--from", "firebase", "--hash-config", config, "--json")).Json, "users"));
        (int status, JsonElement session) = await SignInAsync(app, "fire@x.test", "user1password");
        Assert.Equal(200, status);
        JsonElement user = session.GetProperty("user");
        Assert.Equal("abc", user.GetProperty("app_metadata").GetProperty("firebase_uid").GetString());
        Assert.Equal(2, user.GetProperty("app_metadata").GetProperty("tier").GetInt32());
        Assert.Equal("Fire", user.GetProperty("user_metadata").GetProperty("full_name").GetString());
        Assert.Contains(user.GetProperty("identities").EnumerateArray(), i => i.GetProperty("provider").GetString() == "google" && i.GetProperty("id").GetString() == "55");
        Assert.Equal("user_banned", (await SignInAsync(app, "off@x.test", "user1password")).Body.GetProperty("error_code").GetString());
    }

    [Fact]
    public async Task A_Keycloak_realm_is_read_with_PBKDF2_and_Argon2_credentials()
    {
        await using CommandApp app = await StartAsync();
        static string Credential(string data, string secret) =>
            $$"""[{"type": "password", "secretData": {{JsonSerializer.Serialize(secret)}}, "credentialData": {{JsonSerializer.Serialize(data)}}}]""";
        string pbkdf2 = Credential(
            """{"hashIterations":27500,"algorithm":"pbkdf2-sha256","additionalParameters":{}}""",
            """{"value":"oCNKGTiJT4stqs2ah51tHmBcdUQU90BuFfo7UOTwNW1O0X/MR1v6A25HXfKQdLUOGDZF7uTKjAzC+pidhy0WeQ==","salt":"AQIDBAUGBwgJCgsMDQ4PEA==","additionalParameters":{}}"""
        );
        string argon2 = Credential(
            """{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}""",
            """{"value":"fdCStabBOLNSLpNehX73RHYf3H07nNM/0stgCtk9eI8=","salt":"AQIDBAUGBwgJCgsMDQ4PEA==","additionalParameters":{}}"""
        );
        string file = await WriteAsync(
            app,
            "realm.json",
            $$"""
            {"id": "r", "realm": "shop", "roles": {"realm": [{"name": "users"}]}, "users": [
            {"id": "{{Id(1)}}", "username": "ann", "email": "ann@x.test", "emailVerified": true, "enabled": true, "firstName": "Ann", "createdTimestamp": 1704164645678, "credentials": {{pbkdf2}}, "realmRoles": ["editor"]},
            {"id": "{{Id(2)}}", "username": "bob", "email": "bob@x.test", "emailVerified": true, "enabled": true, "credentials": {{argon2}}, "federatedIdentities": [{"identityProvider": "google", "userId": "9", "userName": "b"}]},
            {"id": "{{Id(3)}}", "username": "nomail", "enabled": true},
            {"id": "{{Id(4)}}", "username": "service-account-x", "serviceAccountClientId": "x", "enabled": true},
            {"id": "{{Id(5)}}", "username": "odd", "email": "odd@x.test", "enabled": true, "credentials": {{Credential("""{"hashIterations":1,"algorithm":"bcrypt-custom"}""", "{}")}}}
            ], "scopeMappings": []}
            """
        );
        CommandRun run = await app.RunAsync("user", "import", file, "--from", "keycloak", "--json");
        Assert.Equal("2 0 3", Counts(run.Json, "users"));
        Assert.Equal(
            ["4: the user nomail has no e-mail address", "5: a service account of a client is no user", "6: hashes of bcrypt-custom cannot be verified"],
            Refusals(run.Json)
        );
        (int status, JsonElement session) = await SignInAsync(app, "ann@x.test", Greeting);
        Assert.Equal(200, status);
        Assert.Equal("editor", session.GetProperty("user").GetProperty("app_metadata").GetProperty("roles")[0].GetString());
        (status, session) = await SignInAsync(app, "bob@x.test", Greeting);
        Assert.Equal(200, status);
        Assert.Contains(session.GetProperty("user").GetProperty("identities").EnumerateArray(), i => i.GetProperty("provider").GetString() == "google");
    }

    [Theory]
    [InlineData("x.json", "{\"a\": 1}", "holds no list of users")]
    [InlineData("x.json", "[{\"id\": 1}, {\"id\": ", "ends in the middle of its list")]
    [InlineData("x.json", "[{\"id\": }]", "line 1: not JSON")]
    [InlineData("x.csv", "id,email\n1", "line 2: 1 fields, and the header has 2")]
    [InlineData("x.sql", "INSERT INTO auth.users VALUES ('1');", "INSERT without columns")]
    [InlineData("x.sql", "COPY auth.users (id, email) FROM stdin;\n1\n\\.", "1 fields, and COPY names 2 columns")]
    [InlineData("x.sql", "INSERT INTO \"auth\".\"users\" (\"id\") VALUES ('1", "a string is not closed")]
    public async Task A_file_that_cannot_be_read_is_named_with_the_line(string name, string text, string words)
    {
        await using CommandApp app = await CommandApp.MakeAsync();
        CommandRun run = await app.RunAsync("user", "import", await WriteAsync(app, name, text), "--from", "supabase");
        Assert.Equal(1, run.Code);
        Assert.Contains(words, run.Errors, StringComparison.Ordinal);
        Assert.Single(run.Errors.Trim().Split('\n'));
    }
}
