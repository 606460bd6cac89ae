using System.Buffers;
using System.Runtime.InteropServices;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// One resize in progress, fed with source rows from the top: only the window of the result that is wanted is computed, and no more than
/// a few rows are held at a time. Same numbers as Pillow's two passes: a horizontal one rounded to 8 bits, then a vertical one.
/// </summary>
internal sealed unsafe class Resampler : IDisposable
{
    private const int RowsAtOnce = 4;

    private readonly PixelMode _mode;
    private readonly int _bytesPerPixel;
    private readonly int _width;
    private readonly int _windowX;
    private readonly int _windowWidth;
    private readonly int _windowHeight;
    private readonly bool _nearest;
    private readonly bool _premultiply;
    private readonly ResampleAxis? _columns;
    private readonly ResampleAxis? _rows;
    private readonly int _sumCount;
    private readonly int _sumRows;
    private int[]? _fourfold;
    private int[]? _nearestColumns;
    private int[]? _nearestRows;
    private int[]? _sums;
    private double[]? _exactSums;
    private byte[]? _line;
    private byte[]? _premultiplied;
    private int _y;
    private int _begun;
    private int _done;

    /// <summary>Prepares a resize of whole pixels.</summary>
    public Resampler(PixelMode mode, int width, int height, int newWidth, int newHeight, int windowX, int windowY, int windowWidth, int windowHeight, Interpolation interpolation)
        : this(mode, width, height, SourceBox.All(width, height), newWidth, newHeight, windowX, windowY, windowWidth, windowHeight, interpolation)
    {
    }

    /// <summary>Prepares a resize of what a box encloses. A nearest-neighbour one takes all of the pixels.</summary>
    public Resampler(PixelMode mode, int width, int height, SourceBox box, int newWidth, int newHeight, int windowX, int windowY, int windowWidth, int windowHeight, Interpolation interpolation)
    {
        _mode = mode;
        _bytesPerPixel = mode.BytesPerPixel();
        _width = width;
        _windowX = windowX;
        _windowWidth = windowWidth;
        _windowHeight = windowHeight;
        bool sameWidth = box.X == 0 && box.Width == newWidth;
        bool sameHeight = box.Y == 0 && box.Height == newHeight;
        bool same = sameWidth && sameHeight;
        _nearest = same || mode.IsNearestOnly();
        if (_nearest)
        {
            _nearestColumns = NearestTable(width, newWidth, windowX, windowWidth);
            _nearestRows = NearestTable(height, newHeight, windowY, windowHeight);
            FirstRow = _nearestRows[0];
            EndRow = _nearestRows[windowHeight - 1] + 1;
            FirstColumn = _nearestColumns[0];
            EndColumn = _nearestColumns[windowWidth - 1] + 1;
            _line = ArrayPool<byte>.Shared.Rent(windowWidth * _bytesPerPixel);
            return;
        }

        bool exact = mode == PixelMode.Gray16;
        _premultiply = mode.HasAlpha();
        _sumCount = (windowWidth * _bytesPerPixel + 15) / 16 * 16;
        if (!sameWidth)
        {
            _columns = ResampleAxis.Create(width, box.X, box.Width, newWidth, windowX, windowWidth, interpolation, exact, _bytesPerPixel == 4 ? ResampleKernels.TapsOfFour : ResampleKernels.TapsOfOne);
            if (_bytesPerPixel == 4)
            {
                ReadOnlySpan<int> weights = _columns.Weights;
                _fourfold = ArrayPool<int>.Shared.Rent(checked(4 * weights.Length));
                for (int i = 0; i < weights.Length; i++)
                {
                    _fourfold.AsSpan(4 * i, 4).Fill(weights[i]);
                }
            }
        }

        if (!sameHeight)
        {
            _rows = ResampleAxis.Create(height, box.Y, box.Height, newHeight, windowY, windowHeight, interpolation, exact, 1);
            _sumRows = _rows.MaxOverlap(RowsAtOnce);
            if (exact)
            {
                _exactSums = ArrayPool<double>.Shared.Rent(_sumRows * windowWidth);
            }
            else
            {
                _sums = ArrayPool<int>.Shared.Rent(_sumRows * _sumCount);
            }
        }

        FirstRow = _rows?.InputStart ?? windowY;
        EndRow = _rows?.InputEnd ?? (windowY + windowHeight);
        FirstColumn = _columns?.InputStart ?? windowX;
        EndColumn = _columns?.InputEnd ?? (windowX + windowWidth);
        _line = ArrayPool<byte>.Shared.Rent(RowsAtOnce * (_sumCount + 16) * (exact ? 2 : 1));
        if (_premultiply)
        {
            _premultiplied = ArrayPool<byte>.Shared.Rent(RowsAtOnce * (width * 4 + DecodedImage.Slack));
        }
    }

    /// <summary>Takes a finished row of the result: its place in the window and its bytes, in the picture's mode.</summary>
    public delegate void RowSink(int y, Span<byte> row);

    /// <summary>First source row that counts.</summary>
    public int FirstRow { get; }

    /// <summary>One behind the last source row that counts.</summary>
    public int EndRow { get; }

    /// <summary>First source column that counts.</summary>
    public int FirstColumn { get; }

    /// <summary>One behind the last source column that counts.</summary>
    public int EndColumn { get; }

    /// <summary>
    /// Takes the next source rows. <paramref name="source"/> must be readable for <see cref="DecodedImage.Slack"/> bytes behind the last row.
    /// </summary>
    public void Push(byte* source, nint stride, int count, RowSink sink)
    {
        int skip = Math.Clamp(FirstRow - _y, 0, count);
        int end = Math.Min(count, EndRow - _y);
        int y = _y + skip;
        _y += count;
        source += skip * stride;
        for (int left = end - skip; left > 0;)
        {
            int rows = Math.Min(left, RowsAtOnce);
            if (_nearest)
            {
                PushNearest(source, stride, y, rows, sink);
            }
            else if (_mode == PixelMode.Gray16)
            {
                PushExact(source, stride, y, rows, sink);
            }
            else
            {
                PushBytes(source, stride, y, rows, sink);
            }

            y += rows;
            source += rows * stride;
            left -= rows;
        }
    }

    public void Dispose()
    {
        _columns?.Dispose();
        _rows?.Dispose();
        Return(ref _fourfold);
        Return(ref _nearestColumns);
        Return(ref _nearestRows);
        Return(ref _sums);
        Return(ref _exactSums);
        Return(ref _line);
        Return(ref _premultiplied);

        static void Return<T>(ref T[]? array)
        {
            if (Interlocked.Exchange(ref array, null) is { } rented)
            {
                ArrayPool<T>.Shared.Return(rented);
            }
        }
    }

    // ImagingScaleAffine adds the step up in double, so this is not floor((i + 0.5) * step).
    private static int[] NearestTable(int inSize, int outSize, int first, int count)
    {
        int[] table = ArrayPool<int>.Shared.Rent(count);
        double step = (double)(float)inSize / outSize;
        double position = step * 0.5;
        for (int i = 0; i < first + count; i++)
        {
            if (i >= first)
            {
                table[i - first] = Math.Min((int)position, inSize - 1);
            }

            position += step;
        }

        return table;
    }

    private void PushNearest(byte* source, nint stride, int y, int rows, RowSink sink)
    {
        for (int r = 0; r < rows; r++, source += stride)
        {
            for (; _done < _windowHeight && _nearestRows![_done] == y + r; _done++)
            {
                Span<byte> line = _line.AsSpan(0, _windowWidth * _bytesPerPixel);
                switch (_bytesPerPixel)
                {
                    case 1:
                        for (int i = 0; i < _windowWidth; i++)
                        {
                            line[i] = source[_nearestColumns![i]];
                        }

                        break;
                    case 2:
                        Span<ushort> two = MemoryMarshal.Cast<byte, ushort>(line);
                        for (int i = 0; i < _windowWidth; i++)
                        {
                            two[i] = ((ushort*)source)[_nearestColumns![i]];
                        }

                        break;
                    default:
                        Span<uint> four = MemoryMarshal.Cast<byte, uint>(line);
                        for (int i = 0; i < _windowWidth; i++)
                        {
                            four[i] = ((uint*)source)[_nearestColumns![i]];
                        }

                        break;
                }

                sink(_done, line);
            }
        }
    }

    private void PushBytes(byte* source, nint stride, int y, int rows, RowSink sink)
    {
        int lineStride = _sumCount + 16;
        fixed (byte* line = _line)
        fixed (byte* premultiplied = _premultiplied)
        {
            if (_premultiply)
            {
                int from = _columns?.InputStart ?? _windowX;
                int count = (_columns?.InputEnd ?? (_windowX + _windowWidth)) - from;
                nint scratchStride = (nint)_width * 4 + 16;
                for (int r = 0; r < rows; r++)
                {
                    PixelArithmetic.Premultiply(
                        new ReadOnlySpan<byte>(source + r * stride + (nint)from * 4, count * 4),
                        new Span<byte>(premultiplied + r * scratchStride + (nint)from * 4, count * 4));
                }

                source = premultiplied;
                stride = scratchStride;
            }

            if (_columns is null)
            {
                for (int r = 0; r < rows; r++)
                {
                    new ReadOnlySpan<byte>(source + r * stride + (nint)_windowX * _bytesPerPixel, _windowWidth * _bytesPerPixel)
                        .CopyTo(new Span<byte>(line + r * lineStride, lineStride));
                }
            }
            else
            {
                fixed (int* starts = _columns.Starts)
                fixed (int* lengths = _columns.Lengths)
                fixed (int* fourfold = _fourfold)
                fixed (int* weights = _columns.Weights)
                {
                    if (_bytesPerPixel == 4)
                    {
                        ResampleKernels.HorizontalFour(source, stride, rows, line, lineStride, starts, lengths, fourfold, _columns.Stride, _windowWidth);
                    }
                    else
                    {
                        ResampleKernels.HorizontalOne(source, stride, rows, line, lineStride, starts, lengths, weights, _columns.Stride, _windowWidth);
                    }
                }
            }

            if (_rows is null)
            {
                for (int r = 0; r < rows; r++)
                {
                    Emit(line + r * lineStride, sink);
                }

                return;
            }

            AddUp(_rows, line, lineStride, y, rows, sink);
        }
    }

    private void AddUp(ResampleAxis axis, byte* line, int lineStride, int y, int rows, RowSink sink)
    {
        ReadOnlySpan<int> starts = axis.Starts;
        ReadOnlySpan<int> lengths = axis.Lengths;
        int* weights = stackalloc int[RowsAtOnce];
        fixed (int* sums = _sums)
        {
            for (; _begun < _windowHeight && starts[_begun] < y + rows; _begun++)
            {
                new Span<int>(sums + (nint)(_begun % _sumRows) * _sumCount, _sumCount).Clear();
            }

            for (int o = _done; o < _begun; o++)
            {
                for (int r = 0; r < RowsAtOnce; r++)
                {
                    int tap = y + r - starts[o];
                    weights[r] = r < rows && tap >= 0 && tap < lengths[o] ? axis.Weights[o * axis.Stride + tap] : 0;
                }

                ResampleKernels.AccumulateFour(sums + (nint)(o % _sumRows) * _sumCount, line, lineStride, weights, _sumCount);
            }

            // The rows have been added up: their place is free.
            while (_done < _begun && starts[_done] + lengths[_done] <= y + rows)
            {
                ResampleKernels.Finish(sums + (nint)(_done % _sumRows) * _sumCount, line, _sumCount);
                Emit(line, sink);
            }
        }
    }

    private void Emit(byte* row, RowSink sink)
    {
        Span<byte> result = new(row, _windowWidth * _bytesPerPixel);
        if (_premultiply)
        {
            PixelArithmetic.Unpremultiply(result);
        }

        sink(_done++, result);
    }

    // Pillow's mode I: double weights, each pass rounded to a 32-bit integer.
    private void PushExact(byte* source, nint stride, int y, int rows, RowSink sink)
    {
        Span<int> line = MemoryMarshal.Cast<byte, int>(_line.AsSpan())[.._windowWidth];
        Span<int> result = MemoryMarshal.Cast<byte, int>(_line.AsSpan())[_windowWidth..][.._windowWidth];
        for (int r = 0; r < rows; r++, source += stride)
        {
            ushort* pixels = (ushort*)source;
            for (int i = 0; i < _windowWidth; i++)
            {
                if (_columns is null)
                {
                    line[i] = pixels[_windowX + i];
                    continue;
                }

                ReadOnlySpan<double> weights = _columns.ExactWeights.Slice(i * _columns.Stride, _columns.Lengths[i]);
                ushort* from = pixels + _columns.Starts[i];
                double sum = 0;
                for (int k = 0; k < weights.Length; k++)
                {
                    sum += from[k] * weights[k];
                }

                line[i] = RoundUp(sum);
            }

            if (_rows is null)
            {
                EmitExact(line, sink);
                continue;
            }

            ReadOnlySpan<int> starts = _rows.Starts;
            ReadOnlySpan<int> lengths = _rows.Lengths;
            for (; _begun < _windowHeight && starts[_begun] <= y + r; _begun++)
            {
                _exactSums.AsSpan(_begun % _sumRows * _windowWidth, _windowWidth).Clear();
            }

            for (int o = _done; o < _begun; o++)
            {
                double weight = _rows.ExactWeights[o * _rows.Stride + y + r - starts[o]];
                Span<double> sums = _exactSums.AsSpan(o % _sumRows * _windowWidth, _windowWidth);
                for (int i = 0; i < sums.Length; i++)
                {
                    sums[i] += line[i] * weight;
                }
            }

            while (_done < _begun && starts[_done] + lengths[_done] == y + r + 1)
            {
                Span<double> sums = _exactSums.AsSpan(_done % _sumRows * _windowWidth, _windowWidth);
                for (int i = 0; i < sums.Length; i++)
                {
                    result[i] = RoundUp(sums[i]);
                }

                EmitExact(result, sink);
            }
        }
    }

    private static int RoundUp(double value) => (int)(value >= 0 ? value + 0.5 : value - 0.5);

    // Whoever looks at 16-bit gray clips at 255, so clipping to 16 bits here loses nothing.
    private void EmitExact(ReadOnlySpan<int> row, RowSink sink)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(2 * row.Length);
        Span<ushort> result = MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan(0, 2 * row.Length));
        for (int i = 0; i < row.Length; i++)
        {
            result[i] = (ushort)Math.Clamp(row[i], 0, ushort.MaxValue);
        }

        sink(_done++, bytes.AsSpan(0, 2 * row.Length));
        ArrayPool<byte>.Shared.Return(bytes);
    }
}
