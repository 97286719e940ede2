package org.lethe.recsys.data;

import java.nio.file.Path;
import java.util.List;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Split;
import org.lethe.tables.Entities;

/**
 * The synthetic interactions of {@code planted} with items that have a picture and a text: numbers that tell of the item's
 * character, on which users' tastes depend. Nothing is downloaded.
 *
 * <p>The features of a modality are {@code W q(i) / √factors + noise · ε}, with a matrix W of standard normal numbers for each
 * modality, the character q(i) of {@code planted} and standard normal ε. They stand as attributes {@code picture.0}, {@code
 * picture.1} and so on, and {@code text.0}.
 *
 * @param users number of users
 * @param items number of items
 * @param interactionsPerUser mean number of items of a user, before validation and test parts are taken
 * @param width number of features in each of the two modalities
 * @param noise standard deviation of what features say beside the character
 * @param seed seed of all random numbers
 */
@Named("planted-features")
public record PlantedFeatures(int users, int items, int interactionsPerUser, int width, double noise, long seed)
        implements DataSource<Split> {
    private static final List<String> MODALITIES = List.of("picture", "text");

    public PlantedFeatures {
        Check.require(width >= 1 && width <= 1024, "width", width, "1 to 1,024");
        Check.require(noise >= 0 && noise <= 100, "noise", noise, "0 to 100");
    }

    /** 400 users, 150 items, 30 interactions per user and 6 features in each modality. */
    public PlantedFeatures() {
        this(400, 150, 30, 6, 0.3, 1);
    }

    @Override
    public Split load(DataFolders folders) {
        Planted planted = new Planted(users, items, interactionsPerUser, seed);
        Split data = planted.load(folders);
        Entities described = data.train().itemEntities();
        float[][] characters = new float[items][];
        for (int i = 0; i < items; i++) {
            characters[i] = planted.character(i);
        }
        for (String modality : MODALITIES) {
            Keyed random = Keyed.seed(seed).of("planted features").of(modality);
            for (int f = 0; f < width; f++) {
                described = described.with(modality + "." + f, new Entities.Numeric(column(characters, f, random)));
            }
        }
        Entities all = described;
        return data.each(part -> part.with(part.userEntities(), all));
    }

    private double[] column(float[][] characters, int feature, Keyed random) {
        double[] column = new double[items];
        for (int i = 0; i < items; i++) {
            float[] q = characters[i];
            double sum = 0;
            for (int d = 0; d < q.length; d++) {
                sum += Keyed.normal(random.of("matrix").at(feature, d)) * q[d];
            }
            column[i] = sum / Math.sqrt(q.length)
                    + noise * Keyed.normal(random.of("noise").at(feature, i));
        }
        return column;
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of();
    }
}
