package org.lethe.recsys.backbone;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Safetensors.Tensor;
import org.lethe.recsys.Interactions;
import org.lethe.tables.Entities;

/** The lists of users as tensors of a file, for models that score a user by what the user took. */
final class StoredLists {
    private StoredLists() {}

    /** The lists alone, without ids, attributes, values and times, which a model needs not know. */
    static Interactions bare(Interactions lists) {
        return Interactions.sorted(
                lists.starts(), lists.columns(), Entities.numbered(lists.users()), Entities.numbered(lists.items()));
    }

    static void put(Map<String, Tensor> tensors, Interactions lists) {
        put(tensors, "starts", lists.starts());
        put(tensors, "columns", lists.columns());
        put(tensors, "items", lists.items());
    }

    static void put(Map<String, Tensor> tensors, String name, int... values) {
        tensors.put(name, Tensor.of(Arrays.stream(values).asLongStream().toArray(), values.length));
    }

    static Interactions read(Safetensors read, Path file, String prefix) {
        int items = number(read, file, prefix + "items", 1, Integer.MAX_VALUE);
        read.require(prefix + "starts", -1);
        read.require(prefix + "columns", -1);
        long[] starts = read.longs(prefix + "starts");
        long[] columns = read.longs(prefix + "columns");
        boolean whole = starts.length >= 2 && starts[0] == 0 && starts[starts.length - 1] == columns.length;
        for (int u = 1; whole && u < starts.length; u++) {
            whole = starts[u] >= starts[u - 1] && starts[u] <= columns.length;
            for (long k = starts[u - 1]; whole && k < starts[u]; k++) {
                long before = k == starts[u - 1] ? -1 : columns[(int) k - 1];
                whole = columns[(int) k] > before && columns[(int) k] < items;
            }
        }
        if (!whole) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": the lists of users are damaged, expected ascending items");
        }
        return Interactions.sorted(
                Arrays.stream(starts).mapToInt(n -> (int) n).toArray(),
                Arrays.stream(columns).mapToInt(n -> (int) n).toArray(),
                Entities.numbered(starts.length - 1),
                Entities.numbered(items));
    }

    /** A tensor of one whole number. */
    static int number(Safetensors read, Path file, String name, int least, int most) {
        read.require(name, 1);
        long value = read.longs(name)[0];
        if (value < least || value > most) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": \"" + name + "\" is " + value + ", expected " + least + " to " + most);
        }
        return (int) value;
    }
}
