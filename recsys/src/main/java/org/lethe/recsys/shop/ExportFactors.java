package org.lethe.recsys.shop;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.recsys.Embeddings;
import org.lethe.study.Storage;
import org.lethe.tables.EmbeddingFile;
import org.lethe.tables.EmbeddingTable;
import org.lethe.tables.Entities;

/**
 * Writes the factors of users or of items of a recommender in a folder, with their ids, for a vector index: the score of a pair is the
 * inner product of its rows.
 *
 * <p>Forgotten users and items have no row. A {@code .npy} file has no place for ids, so they stand beside it, one on each line in the order of the
 * rows: {@code factors.npy} and {@code factors.ids.txt}.
 *
 * @param shop folder of the recommender
 * @param of users or items
 * @param to file that is written: .parquet, .csv, .tsv, .npy, or .safetensors where ids are whole numbers
 */
@Named("recsys export")
public record ExportFactors(
        @Argument Path shop, Side of, @Required Path to) implements Tool<ExportFactors.Result> {
    /** Whose factors. */
    public enum Side {
        /** Of users. */
        USERS,
        /** Of items. */
        ITEMS
    }

    /** Of items; the files are still to be named. */
    public ExportFactors() {
        this(Path.of(""), Side.ITEMS, Path.of(""));
    }

    /**
     * What was written.
     *
     * @param rows one for each user or item
     * @param dims numbers of a row
     * @param written the file
     * @param ids the file of ids, where the other has no place for them
     */
    public record Result(int rows, int dims, Path written, Optional<Path> ids) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(Locale.ROOT, "%,d rows of %d numbers%n", rows, dims);
            out.println(written);
            ids.ifPresent(out::println);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public Result run(Env env) throws IOException {
        Version version = Shop.open(shop).version();
        if (!(version.model().served() instanceof Embeddings tables)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    shop
                            + ": the model is no two tables whose inner product is the score, expected one as bpr, wmf or lightgcn"
                            + " trains");
        }
        Entities all = of == Side.USERS
                ? version.data().train().userEntities()
                : version.data().train().itemEntities();
        float[] rows = of == Side.USERS ? tables.userRows() : tables.itemRows();
        int dims = tables.dims();
        int[] kept =
                IntStream.range(0, all.size()).filter(n -> !all.id(n).isEmpty()).toArray();
        float[] some = new float[kept.length * dims];
        for (int n = 0; n < kept.length; n++) {
            System.arraycopy(rows, kept[n] * dims, some, n * dims, dims);
        }
        String[] ids = Arrays.stream(kept).mapToObj(all::id).toArray(String[]::new);
        EmbeddingFile file = EmbeddingFile.of(to, "id", "factors");
        Optional<Path> beside = file.format() == EmbeddingFile.Format.NPY ? Optional.of(beside(ids)) : Optional.empty();
        file.write(new EmbeddingTable(shop.toString(), Entities.ofNames(ids), dims, some));
        return new Result(kept.length, dims, to, beside);
    }

    /** Writes the ids beside the file, for the eyes of its owner alone. */
    private Path beside(String[] ids) {
        if (Arrays.stream(ids).anyMatch(id -> id.contains("\n"))) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    shop + ": an id has two lines, expected an ending .parquet, .csv or .tsv");
        }
        String name = String.valueOf(to.getFileName());
        Path file = to.resolveSibling(name.substring(0, name.length() - ".npy".length()) + ".ids.txt");
        Storage.writePrivately(file, (String.join("\n", ids) + "\n").getBytes(StandardCharsets.UTF_8));
        return file;
    }
}
