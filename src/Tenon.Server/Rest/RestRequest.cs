using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Query;
using Tenon.Core.Types;
using Tenon.Server.Auth;
using Tenon.Server.Hosting;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>One request of the data API with its headers read: who, which schema, what kind of answer, which preferences.</summary>
internal sealed class RestRequest
{
    private readonly RestRuntime runtime;

    private RestRequest(HttpContext http, Caller caller, RequestDeadline deadline, RestRuntime runtime, string schema)
    {
        Http = http;
        Deadline = deadline;
        Caller = caller;
        Schema = schema;
        this.runtime = runtime;
        Catalog = runtime.Catalog;
        Now = runtime.Now();
    }

    public HttpContext Http { get; }
    public Caller Caller { get; }
    public Catalog Catalog { get; }
    public string Schema { get; }
    public long Now { get; }

    /// <summary>Prefer: timezone; null is UTC.</summary>
    public Zone? Zone { get; private init; }

    /// <summary>What the texts of times in this request leave open.</summary>
    public SessionTime Time => new(Now, Zone);
    public Answer Answer { get; private set; }
    public Preferences Preferences { get; private init; } = Preferences.None;
    public Paging Range { get; private init; } = Paging.All;
    public bool IsHead { get; private init; }

    /// <summary>GET or HEAD.</summary>
    public bool IsRead { get; private init; }
    public RequestDeadline Deadline { get; }

    /// <summary>The client went away or the request took too long.</summary>
    public CancellationToken Aborted => Deadline.Token;

    /// <summary>The query string as it came, without its question mark.</summary>
    public ReadOnlySpan<char> Query => Http.Request.QueryString.Value is { Length: > 0 } query ? query.AsSpan(1) : default;

    public static Outcome<RestRequest> Read(HttpContext http, Caller caller, RequestDeadline deadline, RestRuntime runtime)
    {
        QueryLimits limits = runtime.Options.Limits;
        if ((http.Request.Path.Value?.Length ?? 0) + (http.Request.QueryString.Value?.Length ?? 0) > limits.UrlLength)
        {
            return QueryParser.UrlTooLong(limits);
        }
        IHeaderDictionary headers = http.Request.Headers;
        string method = http.Request.Method;
        bool isHead = HttpMethods.IsHead(method);
        bool isRead = isHead || HttpMethods.IsGet(method);
        if (!SchemaOf(http.Request, runtime.Options).TryGet(out string schema, out Error error))
        {
            return error;
        }
        Preferences preferences = headers.TryGetValue("Prefer", out StringValues prefer) ? Heeded(Preferences.Parse(One(prefer)), runtime.Options) : Preferences.None;
        if (preferences.Refusal() is { } refused)
        {
            return refused;
        }
        Zone? zone = null;
        if (preferences.TimeZone is { } named && !TimeZones.OfSession(named).TryGet(out zone, out error))
        {
            return error;
        }
        Paging range = Paging.All;
        if (HttpMethods.IsGet(method) && headers.Range.Count > 0 && !Paging.FromRange(One(headers.Range)).TryGet(out range, out error))
        {
            return error;
        }
        return new RestRequest(http, caller, deadline, runtime, schema)
        {
            Answer = MediaTypes.Negotiate(One(headers.Accept)),
            Preferences = preferences,
            Range = range,
            IsHead = isHead,
            IsRead = isRead,
            Zone = zone,
        };
    }

    /// <summary>Several header lines of one name are one list.</summary>
    private static string? One(StringValues values) => values.Count <= 1 ? values : string.Join(',', values!);

    /// <summary>The profile a request names: of what it reads, or of what it writes.</summary>
    public static string? ProfileOf(HttpRequest request) =>
        // OPTIONS asks what may be read and written: either header names the profile.
        HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? request.Headers["Accept-Profile"]
        : HttpMethods.IsOptions(request.Method) && request.Headers["Accept-Profile"] is { Count: > 0 } accepted ? accepted
        : request.Headers["Content-Profile"];

    private static Outcome<string> SchemaOf(HttpRequest request, RestOptions options)
    {
        string? profile = ProfileOf(request);
        if (string.IsNullOrEmpty(profile))
        {
            return options.Schemas[0];
        }
        return options.Profiles.Contains(profile)
            ? profile
            : new Error(
                ErrorCodes.UnknownSchema,
                $"Invalid schema: {profile}",
                null,
                $"Only the following schemas are exposed: {string.Join(", ", options.Profiles)}"
            );
    }

    /// <summary>The end of a transaction is not always the caller's to choose: then it is not heeded, so not named in the answer.</summary>
    private static Preferences Heeded(Preferences asked, RestOptions options) =>
        options.TransactionEnd.CallerDecides ? asked : asked with { Rollback = null };

    /// <summary>What the programs' context expressions ask for.</summary>
    public StatementArguments Arguments(Core.Types.Datum[] slots) =>
        new()
        {
            Slots = slots,
            Context = runtime.ContextOf(Caller) with { Now = Now, ReadOnly = IsRead, Settings = Setting, Made = Made, Zone = Zone, TimeZone = Zone is null ? null : Preferences.TimeZone },
            Frame = Frame(),
        };

    private UnitFrame Frame()
    {
        bool takeBack = Preferences.Rollback ?? runtime.Options.TransactionEnd.RollsBack;
        CompiledStatement? first = runtime.PreRequest?.For(Catalog, RestRuntime.PrincipalOf(Caller));
        return first is null && !takeBack ? UnitFrame.Plain : new UnitFrame(first, takeBack);
    }

    /// <summary>Answers with the value itself where Accept asks for the media type that this function makes.</summary>
    public void NegotiateFor(Routine routine)
    {
        string? accept = One(Http.Request.Headers.Accept);
        (string? media, bool whenAnything) = (routine.ReturnsSet ? null : routine.MediaType, true);
        if (media == MediaHandler.Any)
        {
            bool ours = Answer.Form is AnswerForm.Plan or AnswerForm.Object || Answer.StripNulls;
            Answer = ours ? Answer : new Answer(AnswerForm.Raw, false) { Media = MediaHandler.Bytes };
            return;
        }
        if (media is null && !routine.ReturnsSet && routine.ResultColumns.IsEmpty)
        {
            media = routine.Result switch
            {
                { NativeName: "xml" } => "text/xml",
                { Kind: TypeKind.Text or TypeKind.Varchar, NativeName: null } => "text/plain",
                { Kind: TypeKind.Bytea } => "application/octet-stream",
                _ => null,
            };
            whenAnything = false;
        }
        if (media is not null && MediaTypes.Prefers(accept, media, whenAnything))
        {
            Answer = new Answer(AnswerForm.Raw, false) { Media = media };
        }
        DemandAnswer();
    }

    /// <summary>Answers with what the database makes of the rows of this table (null: of a function without one) where Accept asks for it.</summary>
    public void NegotiateFor(QualifiedName? rowsOf)
    {
        string? accept = One(Http.Request.Headers.Accept);
        bool anything = string.IsNullOrEmpty(accept) || accept == MediaHandler.Any;
        if (accept == "application/json" || (anything && !HasHandlerOfAnything()))
        {
            return;
        }
        // One for the table's own rows comes before one for any, one of the media type before one of all.
        foreach (MediaHandler handler in Catalog.Handlers.OrderBy(h => h.Media == MediaHandler.Any).ThenBy(h => h.RowsOf is null))
        {
            if (handler.Takes(rowsOf) && IsExposed(handler) && IsWanted(handler, accept, anything))
            {
                string media = handler.Media == MediaHandler.Any ? MediaHandler.Bytes : handler.Media;
                Answer = new Answer(AnswerForm.Raw, false) { Media = media, Handler = handler };
                break;
            }
        }
        DemandAnswer();
    }

    private bool HasHandlerOfAnything()
    {
        foreach (MediaHandler handler in Catalog.Handlers)
        {
            if (handler.Media == MediaHandler.Any)
            {
                return true;
            }
        }
        return false;
    }

    // One of all media types stands in where nothing else does; to */* only for the rows it is made for.
    private bool IsWanted(MediaHandler handler, string? accept, bool anything) =>
        handler.Media == MediaHandler.Any ? Answer.Form == AnswerForm.Other || (anything && handler.RowsOf is not null)
        : !anything && !MediaTypes.IsOwn(handler.Media) && MediaTypes.Prefers(accept, handler.Media, whenAnything: false);

    // An aggregate is the app's own and served from its exposed schemas; PostGIS is where it was installed.
    private bool IsExposed(MediaHandler handler) => handler.MakesFeatures || runtime.Options.Schemas.Contains(handler.Function.Schema);

    /// <summary>Throws PGRST107 when nothing that Accept names can be made.</summary>
    public void DemandAnswer()
    {
        if (Answer.Form == AnswerForm.Other)
        {
            throw MediaTypes.NotAvailable(One(Http.Request.Headers.Accept)!).ToException();
        }
    }

    /// <summary>For a request without statements of its own.</summary>
    public ValueTask RunPreRequestAsync() =>
        runtime.PreRequest is { } first
            ? first.RunAsync(Catalog, RestRuntime.PrincipalOf(Caller), Arguments([]), Aborted)
            : ValueTask.CompletedTask;

    /// <summary>The type of the answer: what a function said in response.headers, else what Accept led to.</summary>
    public void NameType(HttpResponse response)
    {
        string? own = AnswerSettings.Of(Made).ContentType;
        response.ContentType = string.IsNullOrEmpty(own) ? Answer.ContentType : own;
        if (own is not null || Answer.Form == AnswerForm.Raw)
        {
            // The app's own bytes are what it says they are, and no page or script that a browser makes of them.
            response.Headers.XContentTypeOptions = "nosniff";
        }
    }

    /// <summary>What functions set while the request ran.</summary>
    public SettingsMade Made { get; } = new();

    /// <summary>current_setting('request.…').</summary>
    private string? Setting(string name) =>
        name switch
        {
            "request.method" => Http.Request.Method,
            "request.path" => Http.Request.Path.Value,
            "request.headers" => HeadersJson(),
            "request.cookies" => CookiesJson(),
            "role" or "request.jwt.claim.role" => Caller.Role.Text,
            "request.jwt.claim.sub" => Caller.UserIdText,
            "request.jwt.claim.email" => Caller.Email,
            _ => null,
        };

    // The credentials themselves are nobody's business behind the door.
    private string HeadersJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            foreach (var header in Http.Request.Headers)
            {
                string name = header.Key.ToLowerInvariant();
                if (name is not ("authorization" or "apikey" or "cookie"))
                {
                    json.WriteString(name, header.Value.ToString());
                }
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private string CookiesJson() =>
        JsonSerializer.Serialize(Http.Request.Cookies.ToDictionary(c => c.Key, c => c.Value, StringComparer.Ordinal));

    /// <summary>Tells the request log how many rows were answered or written, and by how many statements.</summary>
    public void Note(long rows, int statements)
    {
        if (RequestNotes.Of(Http) is { } notes)
        {
            (notes.Rows, notes.Statements) = (rows, statements);
        }
    }

    // ---- headers of the answer -----------------------------------------------------------------------------------

    /// <summary>Status, Preference-Applied and Content-Profile; Content-Range where there is one.</summary>
    public void StartAnswer(int status, string? contentRange, Preferences? applied = null)
    {
        HttpResponse response = Http.Response;
        AnswerSettings said = AnswerSettings.Of(Made);
        response.StatusCode = said.Status ?? status;
        if (contentRange is not null)
        {
            response.Headers.ContentRange = contentRange;
        }
        if ((applied ?? Preferences).Applied() is { } heeded)
        {
            response.Headers["Preference-Applied"] = heeded;
        }
        if (runtime.Options.Profiles.Length > 1)
        {
            response.Headers["Content-Profile"] = Schema;
        }
        AnswerHeaders.Put(response, said.Headers);
    }
}
