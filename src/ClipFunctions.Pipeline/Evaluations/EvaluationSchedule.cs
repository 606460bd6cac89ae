using System.Globalization;
using ClipFunctions.Evaluation;
using ClipFunctions.Pipeline.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using NCrontab;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>
/// Runs that are started by the clock: <c>EvaluationSchedule</c> holds the Functions' six-field NCRONTAB (UTC), <c>Clip:Schedule:0</c> … what
/// is started at each of its ticks. A tick that comes twice starts one run, because the run's id is made of its time.
/// </summary>
public sealed partial class EvaluationSchedule
{
    /// <summary>The setting that holds the NCRONTAB expression; empty: nothing is started.</summary>
    public const string CronSetting = "EvaluationSchedule";

    /// <summary>The section of the runs to start.</summary>
    public const string RunsSection = "Clip:Schedule";

    /// <summary>How much too early a timer may fire.</summary>
    public static TimeSpan Early { get; } = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan[] LooksBack = [TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(32), TimeSpan.FromDays(8 * 366)];

    private readonly EvaluationStarter _starter;
    private readonly CrontabSchedule? _cron;
    private readonly IReadOnlyList<EvaluationRequest> _requests;
    private readonly ILogger<EvaluationSchedule> _logger;

    /// <summary>Reads the settings.</summary>
    /// <exception cref="InvalidSettingException">The expression is none, or a run cannot be done as it is asked for.</exception>
    public EvaluationSchedule(IConfiguration configuration, EvaluationStarter starter, ILogger<EvaluationSchedule> logger)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _starter = starter;
        _logger = logger;
        _cron = configuration[CronSetting] is { Length: > 0 } expression ? Parse(expression) : null;
        _requests = [.. configuration.GetSection(RunsSection).GetChildren().Select(Read)];
    }

    /// <summary>The next tick after a time; null if there is no schedule, or nothing to start.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset time) =>
        _cron is null || _requests.Count == 0 ? null : new DateTimeOffset(_cron.GetNextOccurrence(time.UtcDateTime), TimeSpan.Zero);

    /// <summary>When the tick was due that came last before a time; null if there is no schedule, nothing to start, or no tick in the eight years before.</summary>
    /// <param name="time">A timer's moment: a tick may be early by <see cref="Early"/>.</param>
    public DateTimeOffset? DueAt(DateTimeOffset time)
    {
        if (_cron is null || _requests.Count == 0)
        {
            return null;
        }

        // The library looks forward only, so the look back gets longer until there is a tick in it.
        DateTime end = (time + Early).UtcDateTime;
        foreach (TimeSpan back in LooksBack)
        {
            DateTime? last = null;
            foreach (DateTime tick in _cron.GetNextOccurrences(end - back, end))
            {
                last = tick;
            }

            if (last is { } due)
            {
                return new DateTimeOffset(DateTime.SpecifyKind(due, DateTimeKind.Utc), TimeSpan.Zero);
            }
        }

        return null;
    }

    /// <summary>Starts the runs of a tick.</summary>
    /// <param name="due">When it was due: its runs' ids are made of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task TickAsync(DateTimeOffset due, CancellationToken cancellationToken)
    {
        for (int i = 0; i < _requests.Count; i++)
        {
            string runId = string.Create(CultureInfo.InvariantCulture, $"{due.UtcDateTime:yyyyMMdd-HHmmss}-scheduled-{i}");
            EvaluationStatus status = await _starter.StartAsync(_requests[i] with { RunId = runId }, cancellationToken);
            LogStarted(runId, status.State);
        }
    }

    private static CrontabSchedule Parse(string expression) =>
        CrontabSchedule.TryParse(expression, new CrontabSchedule.ParseOptions { IncludingSeconds = true })
            ?? throw new InvalidSettingException(CronSetting, $"Setting '{CronSetting}' is '{expression}'; expected six fields of NCRONTAB, such as '0 0 3 * * *' (each day at three, UTC).");

    private static EvaluationRequest Read(IConfigurationSection section)
    {
        try
        {
            EvaluationRequest request = new()
            {
                Dataset = section["Dataset"],
                Format = section["Format"],
                Model = section["Model"],
                Kind = section["Kind"]?.ToLowerInvariant() switch
                {
                    null or "" or "linear-probe" => EvaluationKind.LinearProbe,
                    "zero-shot" => EvaluationKind.ZeroShot,
                    _ => throw new InvalidEvaluationException("InvalidMessage", "kind is linear-probe or zero-shot."),
                },
                C = section["C"] is { Length: > 0 } c ? double.Parse(c, CultureInfo.InvariantCulture) : null,
                LabelSet = section["LabelSet"],
                Templates = section.GetSection("Templates").GetChildren().Select(template => template.Value ?? "").ToArray() is { Length: > 0 } templates ? templates : null,
            };
            return EvaluationRequestReader.Check(request);
        }
        catch (Exception exception) when (exception is InvalidEvaluationException or FormatException)
        {
            throw new InvalidSettingException(section.Path, $"Settings in '{section.Path}' are no evaluation: {exception.Message}", exception);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Scheduled evaluation {RunId}: {State}")]
    private partial void LogStarted(string runId, EvaluationState state);
}
