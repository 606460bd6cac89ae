using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ClipFunctions.Cli.Console;
using ClipFunctions.Cli.Hosting;
using ClipFunctions.Pipeline.Poison;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Cli.Commands;

/// <summary><c>clip poison</c>: what was given up after all its tries, and putting it back.</summary>
internal static class PoisonCommand
{
    private const int LongestCell = 60;

    public static Command Create(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        Command command = new("poison", "Messages that were given up after all their tries: show them, put them back.") { List(globals, terminal, examples), Replay(globals, terminal, examples) };
        examples.Add(command, ["clip poison list --storage myaccount", "clip poison replay --all --storage myaccount"]);
        return command;
    }

    private static Command List(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        StorageOptions storage = new();
        Option<string?> queue = Queue();
        Command command = new("list", "Show what lies in the poison queues, and why.") { queue, storage.Storage, storage.HostStorage };
        examples.Add(command, ["clip poison list --storage myaccount", "clip poison list --queue webjobs-blobtrigger-poison --json"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliPipeline.Build(storage.Configuration(parsed, withHost: true));
            PoisonQueues poison = services.GetRequiredService<PoisonQueues>();
            PoisonListing listing = await poison.ListAsync(Known(poison, parsed.GetValue(queue)), cancellationToken);
            if (parsed.GetValue(globals.Json))
            {
                terminal.Json(new JsonObject
                {
                    ["messages"] = new JsonArray([.. listing.Messages.Select(message => new JsonObject
                    {
                        ["queue"] = message.Queue,
                        ["id"] = message.Id,
                        ["subject"] = message.Subject,
                        ["inserted"] = message.Inserted,
                        ["expires"] = message.Expires,
                        ["dequeueCount"] = message.DequeueCount,
                        ["reason"] = message.Reason,
                        ["body"] = message.Body,
                    })]),
                    ["hidden"] = listing.Hidden,
                });
                return ExitCodes.Success;
            }

            if (listing.Messages.Count > 0)
            {
                terminal.Table(
                    ["queue", "id", "given up", "looks", "about", "reason"],
                    listing.Messages.Select(message => (IReadOnlyList<string>)
                    [
                        message.Queue,
                        message.Id,
                        message.Inserted?.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "",
                        message.DequeueCount.ToString(CultureInfo.InvariantCulture),
                        Short(message.Subject ?? message.Body),
                        Short(message.Reason ?? ""),
                    ]),
                    3);
            }

            terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{listing.Messages.Count} messages{(listing.Hidden > 0 ? $", and about {listing.Hidden} that somebody looks at just now" : "")}."));
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Replay(GlobalOptions globals, Terminal terminal, IDictionary<Command, string[]> examples)
    {
        StorageOptions storage = new();
        Option<string?> queue = Queue();
        Option<string[]> id = new("--id") { Description = "A message; may be given several times.", HelpName = "ID" };
        Option<bool> all = new("--all") { Description = "Every message." };
        Option<bool> dryRun = new("--dry-run") { Description = "Only tell what would be put back." };
        Option<string?> hostId = new("--host-id") { Description = "The host that is to handle uploads, where several watch them.", HelpName = "ID" };
        Command command = new("replay", "Put messages back into the queues that they came from. A failed run is opened again.") { all, id, queue, dryRun, hostId, storage.Storage, storage.HostStorage };
        examples.Add(command, ["clip poison replay --all --dry-run --storage myaccount", "clip poison replay --id 0f6e7c1a-6f1b-4b8e-9a55-0d6f0f1d2c3b --storage myaccount"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string[] ids = parsed.GetValue(id) ?? [];
            if (parsed.GetValue(all) == (ids.Length > 0))
            {
                throw new UsageException("Say which messages: --all, or --id ID (clip poison list shows them).");
            }

            await using ServiceProvider services = CliPipeline.Build(storage.Configuration(parsed, withHost: true));
            PoisonQueues poison = services.GetRequiredService<PoisonQueues>();
            bool isDry = parsed.GetValue(dryRun);
            IReadOnlyList<ReplayedMessage> replayed = await poison.ReplayAsync(Known(poison, parsed.GetValue(queue)), ids.Length > 0 ? ids : null, parsed.GetValue(hostId), isDry, cancellationToken);
            string[] missing = [.. ids.Except(replayed.Select(message => message.Id), StringComparer.Ordinal)];
            if (parsed.GetValue(globals.Json))
            {
                terminal.Json(new JsonObject
                {
                    ["dryRun"] = isDry,
                    ["messages"] = new JsonArray([.. replayed.Select(message => new JsonObject
                    {
                        ["queue"] = message.Queue,
                        ["id"] = message.Id,
                        ["target"] = message.Target,
                        ["subject"] = message.Subject,
                        ["problem"] = message.Problem,
                    })]),
                    ["missing"] = new JsonArray([.. missing.Select(one => JsonValue.Create(one))]),
                });
            }
            else if (replayed.Count > 0)
            {
                terminal.Table(
                    ["id", "into", "about", "problem"],
                    replayed.Select(message => (IReadOnlyList<string>)[message.Id, message.Target, Short(message.Subject ?? ""), message.Problem ?? ""]));
            }

            foreach (string one in missing)
            {
                terminal.Error($"There is no message '{one}' in the poison queues, or somebody looks at it just now.");
            }

            int done = replayed.Count(message => message.Problem is null);
            terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{done} messages {(isDry ? "would be" : "were")} put back."));
            return missing.Length > 0 || done < replayed.Count ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }

    private static Option<string?> Queue() => new("--queue") { Description = "One poison queue. By default all.", HelpName = "QUEUE" };

    private static string? Known(PoisonQueues poison, string? queue) => queue is null || poison.Names.Contains(queue)
        ? queue
        : throw new UsageException($"There is no poison queue '{queue}'. Those there are: {string.Join(", ", poison.Names)}.");

    private static string Short(string text)
    {
        string line = text.ReplaceLineEndings(" ");
        return line.Length <= LongestCell ? line : line[..(LongestCell - 1)] + "…";
    }
}
