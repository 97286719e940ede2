package org.lethe.text;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * Samples side by side, padded on the right; tensors of the scope in which it is made.
 *
 * @param ids token ids, {@code [rows, time]}; padding is 0
 * @param mask 1 for tokens and 0 for padding, {@code [rows, time]}
 * @param places of the scored tokens in the flattened {@code [rows · (time − 1)]} table of predictions, row by row
 * @param labels the scored tokens in that order
 * @param rows of the scored tokens in that order
 * @param counts how many tokens of each row are scored
 */
public record TokenBatch(Tensor ids, Tensor mask, Tensor places, Tensor labels, Tensor rows, int[] counts) {
    /** The batch of some samples. */
    public static TokenBatch of(List<Encoded> samples, Device device) {
        Check.require(!samples.isEmpty(), "samples", 0, "at least 1");
        int time = samples.stream().mapToInt(Encoded::length).max().orElseThrow();
        int count = samples.size();
        int[] ids = new int[count * time];
        int[] mask = new int[count * time];
        int[] counts = samples.stream().mapToInt(Encoded::scored).toArray();
        int scored = Arrays.stream(counts).sum();
        int[] places = new int[scored];
        int[] labels = new int[scored];
        int[] rows = new int[scored];
        int at = 0;
        for (int r = 0; r < count; r++) {
            Encoded sample = samples.get(r);
            System.arraycopy(sample.ids(), 0, ids, r * time, sample.length());
            Arrays.fill(mask, r * time, r * time + sample.length(), 1);
            for (int t = sample.answer(); t < sample.length(); t++) {
                places[at] = r * (time - 1) + t - 1;
                labels[at] = sample.ids()[t];
                rows[at] = r;
                at++;
            }
        }
        return new TokenBatch(
                whole(ids, device, count, time),
                whole(mask, device, count, time),
                whole(places, device, scored),
                whole(labels, device, scored),
                whole(rows, device, scored),
                counts);
    }

    private static Tensor whole(int[] values, Device device, long... size) {
        return Devices.on(Tensors.of(values, size).to(org.bytedeco.pytorch.global.torch.ScalarType.Long), device);
    }

    /** Number of rows. */
    public int size() {
        return counts.length;
    }

    /** Number of scored tokens. */
    public int scored() {
        return Arrays.stream(counts).sum();
    }
}
