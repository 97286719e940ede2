package org.lethe.recsys.data;

import java.nio.file.Path;
import java.util.List;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.recsys.Split;
import org.lethe.tables.DataFiles;
import org.lethe.tables.Entities;

/**
 * Check-ins of Gowalla, with the split of NGCF and LightGCN: 29,858 users, 40,981 places, 810,128 + 217,242 interactions.
 *
 * @param stopOn part for early stopping: validation, test or none
 * @param validation share of each user's training interactions in the validation part, at least one each
 * @param seed seed of the validation part
 */
@Named("gowalla")
public record Gowalla(Splits.StopOn stopOn, double validation, long seed) implements DataSource<Split> {
    private static final String NAME = "gowalla-lightgcn";
    private static final String REMEDY =
            "take train.txt and test.txt from the LightGCN authors' repository, data/gowalla";

    public Gowalla {
        Check.require(validation >= 0 && validation < 1, "validation", validation, "at least 0 and below 1");
    }

    /** The published split, with a tenth of training for validation. */
    public Gowalla() {
        this(Splits.StopOn.VALIDATION, 0.1, 1);
    }

    @Override
    public Split load(DataFolders folders) {
        Path folder = DataFiles.folder(folders, "recsys", NAME, REMEDY);
        Pairs train = InteractionFile.lists(DataFiles.needed(folder, REMEDY, "train.txt"));
        Pairs test = InteractionFile.lists(DataFiles.needed(folder, REMEDY, "test.txt"));
        Entities users = Entities.numbered(Math.max(train.userCount(), test.userCount()));
        Entities items = Entities.numbered(Math.max(train.itemCount(), test.itemCount()));
        return Splits.given(train.dense(users, items), test.dense(users, items), stopOn, validation, seed);
    }

    @Override
    public List<Path> files(DataFolders folders) {
        Path folder = DataFiles.folder(folders, "recsys", NAME, REMEDY);
        return List.of(DataFiles.needed(folder, REMEDY, "train.txt"), DataFiles.needed(folder, REMEDY, "test.txt"));
    }
}
