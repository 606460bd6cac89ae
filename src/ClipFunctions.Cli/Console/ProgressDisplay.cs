using System.Globalization;
using Spectre.Console;

namespace ClipFunctions.Cli.Console;

/// <summary>Shows how far something has come: bars where a person watches, else a line when a stage begins.</summary>
internal static class ProgressDisplay
{
    /// <summary>Runs work that reports stages with an item, bytes done and bytes in all.</summary>
    public static async Task<T> RunAsync<T>(Terminal terminal, Func<IProgress<(string Stage, string? Item, long Done, long Total)>, Task<T>> work)
    {
        if (!terminal.IsWatched)
        {
            return await work(new Lines(terminal));
        }

        return await terminal.Side.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(async context => await work(new Bars(context)));
    }

    /// <summary>Runs work that counts things.</summary>
    public static async Task<T> RunCountAsync<T>(Terminal terminal, string what, Func<Action<int, int>, Task<T>> work)
    {
        if (!terminal.IsWatched)
        {
            int told = -1;
            return await work((done, total) =>
            {
                int tenths = total == 0 ? 10 : (int)(10L * done / total);
                if (tenths > told)
                {
                    told = tenths;
                    terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{done} of {total} {what}"));
                }
            });
        }

        return await terminal.Side.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(what));
                return await work((done, total) =>
                {
                    task.MaxValue = Math.Max(1, total);
                    task.Value = done;
                });
            });
    }

    private static string Name(string stage, string? item) => item is null ? stage : $"{stage} {item}";

    // Reports come from several threads and in bursts.
    private sealed class Bars(ProgressContext context) : IProgress<(string Stage, string? Item, long Done, long Total)>
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, ProgressTask> _tasks = new(StringComparer.Ordinal);

        public void Report((string Stage, string? Item, long Done, long Total) value)
        {
            lock (_lock)
            {
                string name = Name(value.Stage, value.Item);
                if (!_tasks.TryGetValue(name, out ProgressTask? task))
                {
                    task = context.AddTask(Markup.Escape(name), maxValue: Math.Max(1, value.Total));
                    _tasks.Add(name, task);
                }

                task.IsIndeterminate = value.Total <= 0;
                task.MaxValue = Math.Max(1, value.Total);
                task.Value = value.Done;
            }
        }
    }

    private sealed class Lines(Terminal terminal) : IProgress<(string Stage, string? Item, long Done, long Total)>
    {
        private readonly Lock _lock = new();
        private string? _last;

        public void Report((string Stage, string? Item, long Done, long Total) value)
        {
            string name = Name(value.Stage, value.Item);
            lock (_lock)
            {
                if (name == _last)
                {
                    return;
                }

                _last = name;
                terminal.Note(value.Total > 0 ? string.Create(CultureInfo.InvariantCulture, $"{name} ({value.Total / 1e6:F1} MB)") : name);
            }
        }
    }
}
