using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ClipFunctions.Clip.Imaging;

/// <summary>Decodes the coefficients of a JPEG's scan, one row of its units after the other: libjpeg's jdhuff.c and jdphuff.c.</summary>
internal sealed unsafe class JpegScanReader
{
    /// <summary>Most bytes that a block can take, stuffed ones included: libjpeg's BUFSIZE.</summary>
    private const int BlockBytes = 512;

    /// <summary>Bytes beyond those of the blocks that are read ahead at most.</summary>
    private const int ReadAhead = 32;

    /// <summary>Where a coefficient of the zigzag order belongs; damaged blocks can count to 15 beyond the last.</summary>
    public static ReadOnlySpan<byte> NaturalOrder =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
        63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
    ];

    private readonly JpegFile _file;
    private readonly JpegScan _scan;
    private readonly Block[] _unit;
    private readonly int _across;
    private JpegBitState _state;
    private int _untilRestart;
    private int _restart;
    private int _endOfBand;

    /// <summary>Begins at the scan's first byte.</summary>
    /// <param name="file">The file, whose place is behind the scan's header.</param>
    /// <param name="scan">The scan.</param>
    /// <param name="width">The picture's width.</param>
    /// <param name="height">The picture's height.</param>
    public JpegScanReader(JpegFile file, JpegScan scan, int width, int height)
    {
        _file = file;
        _scan = scan;
        _state.At = file.At;
        _untilRestart = file.RestartInterval;
        _across = scan.Only?.BlocksAcross ?? (width + 8 * file.MaxH - 1) / (8 * file.MaxH);
        RowCount = scan.Only?.BlocksDown ?? (height + 8 * file.MaxV - 1) / (8 * file.MaxV);
        List<Block> unit = [];
        foreach (JpegComponent component in scan.Components)
        {
            component.LastDc = 0;
            int h = scan.Only is null ? component.H : 1, v = scan.Only is null ? component.V : 1;
            for (int y = 0; y < v; y++)
            {
                for (int x = 0; x < h; x++)
                {
                    unit.Add(new Block(component, file.DcTable(component), file.AcTable(component), 64 * (y * component.BlockStride + x), 64 * h));
                }
            }
        }

        _unit = [.. unit];
    }

    /// <summary>Rows of units.</summary>
    public int RowCount { get; }

    /// <summary>Where the next marker is looked for.</summary>
    public int End => _state.Marker != 0 ? _state.At - 2 : _state.At;

    /// <summary>Decodes the next row of units.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="coefficients">The reader's memory for coefficients; blocks of sequential scans must be zero.</param>
    /// <param name="row">The row in that memory.</param>
    public void ReadRow(ReadOnlySpan<byte> file, short* coefficients, int row)
    {
        JpegBitReader bits = new(file, _state);
        foreach (ref Block block in _unit.AsSpan())
        {
            JpegComponent component = block.Component;
            int rows = _scan.Only is null ? component.V : 1;
            block.At = component.CoefficientsAt + 64 * component.BlockStride * rows * row + block.Offset;
        }

        for (int x = 0; x < _across;)
        {
            int units = _across - x;
            if (_file.RestartInterval > 0)
            {
                if (_untilRestart == 0)
                {
                    Restart(ref bits);
                }

                units = Math.Min(units, _untilRestart);
            }

            int read = 1;
            if (_file.Progressive)
            {
                ReadProgressive(ref bits, coefficients, x);
            }
            else
            {
                read = ReadQuickly(ref bits, coefficients, x, x + units) - x;
                if (read == 0)
                {
                    ReadCarefully(ref bits, coefficients, x);
                    read = 1;
                }
            }

            x += read;
            _untilRestart -= read;
        }

        _state = bits.State;
    }

    private void Restart(ref JpegBitReader bits)
    {
        Resynchronize(ref bits, _restart);
        _restart = (_restart + 1) & 7;
        _untilRestart = _file.RestartInterval;
        _endOfBand = 0;
        foreach (JpegComponent component in _scan.Components)
        {
            component.LastDc = 0;
        }
    }

    /// <summary>jpeg_resync_to_restart: finds the restart marker that is due, or decides to go on without it.</summary>
    private static void Resynchronize(ref JpegBitReader bits, int due)
    {
        int at = bits.State.At;
        int marker = bits.State.Marker;
        if (marker == 0)
        {
            marker = JpegMarkers.Next(bits.File, ref at);
        }

        while (marker != 0xD0 + due)
        {
            bool scanOn;
            if (marker < 0xC0)
            {
                scanOn = true;
            }
            else if (marker is < 0xD0 or > 0xD7 || marker == 0xD0 + ((due + 1) & 7) || marker == 0xD0 + ((due + 2) & 7))
            {
                // Stay before it: zeros until the next restart.
                bool insufficient = bits.State.Insufficient;
                bits.Restart(at);
                bits.State.Marker = marker;
                bits.State.Insufficient = insufficient;
                return;
            }
            else
            {
                scanOn = marker == 0xD0 + ((due - 1) & 7) || marker == 0xD0 + ((due - 2) & 7);
            }

            if (!scanOn)
            {
                break;
            }

            marker = JpegMarkers.Next(bits.File, ref at);
        }

        bits.Restart(at);
    }

    /// <summary>
    /// Units far from the file's end. Refills as libjpeg's decode_mcu_fast does, so that bits in hand are the same where the careful way takes over.
    /// </summary>
    /// <returns>The first unit that has not been read, because the end is near or a marker was met.</returns>
    [SkipLocalsInit]
    private int ReadQuickly(ref JpegBitReader reader, short* coefficients, int x, int end)
    {
        ref JpegBitState state = ref reader.State;
        Block[] unit = _unit;
        int lastStart = reader.File.Length - BlockBytes * unit.Length - ReadAhead;
        if (state.Marker != 0)
        {
            return x;
        }

        ref byte file = ref MemoryMarshal.GetReference(reader.File);
        ref byte order = ref MemoryMarshal.GetReference(NaturalOrder);
        ulong bits = state.Bits;
        int count = state.Count;
        int at = state.At;
        for (; x < end && at <= lastStart; x++)
        {
            int i = 0;
            for (; i < unit.Length; i++)
            {
                ref Block entry = ref unit[i];
                short* block = coefficients + (entry.At + entry.Step * x);
                int dc = entry.Component.LastDc;
                entry.DcBefore = dc;
                if (count <= 16 && !Fill(ref file, ref bits, ref count, ref at))
                {
                    goto Undo;
                }

                JpegHuffmanTable table = entry.Dc;
                int found = Unsafe.Add(ref table.Lookup, (int)(bits >> (64 - JpegHuffmanTable.LookAhead)));
                if (found >> 16 != 0)
                {
                    bits <<= found & 15;
                    count -= found & 15;
                    dc += found >> 16;
                }
                else
                {
                    int size = Take(table, found, ref bits, ref count);
                    if (size != 0)
                    {
                        if (count <= 16 && !Fill(ref file, ref bits, ref count, ref at))
                        {
                            goto Undo;
                        }

                        dc += Receive(ref bits, ref count, size);
                    }
                }

                entry.Component.LastDc = dc;
                block[0] = (short)dc;
                table = entry.Ac;
                ref int lookup = ref table.Lookup;
                for (int k = 1; k < 64; k++)
                {
                    if (count <= 16 && !Fill(ref file, ref bits, ref count, ref at))
                    {
                        goto Undo;
                    }

                    found = Unsafe.Add(ref lookup, (int)(bits >> (64 - JpegHuffmanTable.LookAhead)));
                    if (found >> 16 != 0)
                    {
                        bits <<= found & 15;
                        count -= found & 15;
                        k += (found >> 12) & 15;
                        block[Unsafe.Add(ref order, k)] = (short)(found >> 16);
                        continue;
                    }

                    int symbol = Take(table, found, ref bits, ref count);
                    int length = symbol & 15;
                    if (length != 0)
                    {
                        if (count <= 16 && !Fill(ref file, ref bits, ref count, ref at))
                        {
                            goto Undo;
                        }

                        k += symbol >> 4;
                        block[Unsafe.Add(ref order, k)] = (short)Receive(ref bits, ref count, length);
                    }
                    else if (symbol == 0xF0)
                    {
                        k += 15;
                    }
                    else
                    {
                        break;
                    }
                }
            }

            (state.Bits, state.Count, state.At) = (bits, count, at);
            continue;

        Undo:
            for (; i >= 0; i--)
            {
                new Span<short>(coefficients + unit[i].At + unit[i].Step * x, 64).Clear();
                unit[i].Component.LastDc = unit[i].DcBefore;
            }

            break;
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Take(JpegHuffmanTable table, int found, ref ulong bits, ref int count)
    {
        int length = (found >> 4) & 15;
        int symbol = (found >> 8) & 0xFF;
        if (length == 0)
        {
            int slow = table.DecodeLong(bits);
            length = slow & 0xFF;
            symbol = slow >> 8;
        }

        bits <<= length;
        count -= length;
        return symbol;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Receive(ref ulong bits, ref int count, int length)
    {
        int value = (int)(bits >> (64 - length));
        bits <<= length;
        count -= length;
        return JpegBitReader.Extend(value, length);
    }

    /// <summary>Six bytes more (FILL_BIT_BUFFER_FAST).</summary>
    /// <returns>False where a marker stands among them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Fill(ref byte file, ref ulong bits, ref int count, ref int at)
    {
        ulong eight = BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref file, at)));
        if (!JpegBitReader.HasMarkerByte(eight))
        {
            bits |= (eight >> 16) << (16 - count);
            count += 48;
            at += 6;
            return true;
        }

        ulong six = 0;
        int next = at;
        for (int i = 0; i < 6; i++)
        {
            byte value = Unsafe.Add(ref file, next++);
            if (value == 0xFF && Unsafe.Add(ref file, next++) != 0)
            {
                return false;
            }

            six = six << 8 | value;
        }

        bits |= six << (16 - count);
        count += 48;
        at = next;
        return true;
    }

    private void ReadCarefully(ref JpegBitReader bits, short* coefficients, int x)
    {
        if (bits.State.Insufficient)
        {
            return;
        }

        foreach (ref Block entry in _unit.AsSpan())
        {
            JpegComponent component = entry.Component;
            short* block = coefficients + entry.At + entry.Step * x;
            component.LastDc += bits.ReadSigned(entry.Dc.Decode(ref bits));
            block[0] = (short)component.LastDc;
            for (int k = 1; k < 64; k++)
            {
                int symbol = entry.Ac.Decode(ref bits);
                int zeros = symbol >> 4, length = symbol & 15;
                if (length != 0)
                {
                    k += zeros;
                    block[NaturalOrder[k]] = (short)bits.ReadSigned(length);
                }
                else if (zeros == 15)
                {
                    k += 15;
                }
                else
                {
                    break;
                }
            }
        }
    }

    private void ReadProgressive(ref JpegBitReader bits, short* coefficients, int x)
    {
        if (bits.State.Insufficient)
        {
            return;
        }

        foreach (ref Block entry in _unit.AsSpan())
        {
            JpegComponent component = entry.Component;
            short* block = coefficients + entry.At + entry.Step * x;
            if (_scan.Start == 0)
            {
                if (_scan.High == 0)
                {
                    component.LastDc += bits.ReadSigned(entry.Dc.Decode(ref bits));
                    block[0] = (short)(component.LastDc << _scan.Low);
                }
                else if (bits.Read(1) != 0)
                {
                    block[0] |= (short)(1 << _scan.Low);
                }
            }
            else if (_scan.High == 0)
            {
                ReadFirstBand(ref bits, entry.Ac, block);
            }
            else
            {
                RefineBand(ref bits, entry.Ac, block);
            }
        }
    }

    private void ReadFirstBand(ref JpegBitReader bits, JpegHuffmanTable table, short* block)
    {
        if (_endOfBand > 0)
        {
            _endOfBand--;
            return;
        }

        for (int k = _scan.Start; k <= _scan.End; k++)
        {
            int symbol = table.Decode(ref bits);
            int zeros = symbol >> 4, length = symbol & 15;
            if (length != 0)
            {
                k += zeros;
                block[NaturalOrder[k]] = (short)(bits.ReadSigned(length) << _scan.Low);
            }
            else if (zeros == 15)
            {
                k += 15;
            }
            else
            {
                _endOfBand = (1 << zeros) - 1 + (zeros > 0 ? bits.Read(zeros) : 0);
                break;
            }
        }
    }

    private void RefineBand(ref JpegBitReader bits, JpegHuffmanTable table, short* block)
    {
        int plus = 1 << _scan.Low, minus = -1 << _scan.Low;
        int k = _scan.Start;
        if (_endOfBand == 0)
        {
            for (; k <= _scan.End; k++)
            {
                int symbol = table.Decode(ref bits);
                int zeros = symbol >> 4, value = 0;
                if ((symbol & 15) != 0)
                {
                    value = bits.Read(1) != 0 ? plus : minus;
                }
                else if (zeros != 15)
                {
                    _endOfBand = (1 << zeros) + (zeros > 0 ? bits.Read(zeros) : 0);
                    break;
                }

                do
                {
                    ref short coefficient = ref block[NaturalOrder[k]];
                    if (coefficient != 0)
                    {
                        Refine(ref bits, ref coefficient, plus, minus);
                    }
                    else if (--zeros < 0)
                    {
                        break;
                    }

                    k++;
                }
                while (k <= _scan.End);

                if (value != 0)
                {
                    block[NaturalOrder[k]] = (short)value;
                }
            }
        }

        if (_endOfBand > 0)
        {
            for (; k <= _scan.End; k++)
            {
                ref short coefficient = ref block[NaturalOrder[k]];
                if (coefficient != 0)
                {
                    Refine(ref bits, ref coefficient, plus, minus);
                }
            }

            _endOfBand--;
        }

        static void Refine(ref JpegBitReader bits, ref short coefficient, int plus, int minus)
        {
            if (bits.Read(1) != 0 && (coefficient & plus) == 0)
            {
                coefficient = (short)(coefficient + (coefficient >= 0 ? plus : minus));
            }
        }
    }

    /// <summary>A block of the scan's unit.</summary>
    /// <param name="component">Its component.</param>
    /// <param name="dc">The table of its first coefficient, where the scan has one.</param>
    /// <param name="ac">The table of the others, where the scan has some.</param>
    /// <param name="offset">Coefficients from the unit's first block of that component.</param>
    /// <param name="step">Coefficients from a unit to the next.</param>
    private struct Block(JpegComponent component, JpegHuffmanTable? dc, JpegHuffmanTable? ac, int offset, int step)
    {
        public readonly JpegComponent Component = component;
        public readonly JpegHuffmanTable Dc = dc!;
        public readonly JpegHuffmanTable Ac = ac!;
        public readonly int Offset = offset;
        public readonly int Step = step;
        public int At;
        public int DcBefore;
    }
}
