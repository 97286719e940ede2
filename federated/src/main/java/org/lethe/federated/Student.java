package org.lethe.federated;

import static org.lethe.Check.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.Named;

/**
 * Student performance: 395 pupils in mathematics or 649 in Portuguese, and whether their final grade is high, with sex (Cortez,
 * UCI; CC BY 4.0).
 *
 * <p>The grades of the first two periods are features only where asked for, as they nearly are the final grade.
 *
 * @param sites how the records are divided over clients
 * @param test share of the records in the test part
 * @param course mathematics or portuguese
 * @param earlierGrades whether the grades of the first two periods are features
 */
@Named("student")
public record Student(Partition sites, double test, Course course, boolean earlierGrades) implements PublicTable {
    public Student {
        require(test > 0 && test < 1, "test", test, "between 0 and 1");
    }

    /** 5 clients that differ by sex; 30 % of the records are for testing. */
    public Student() {
        this(new Partition(5, Partition.By.ATTRIBUTE, "sex", 0.5, 10, 1), 0.3, Course.MATHEMATICS, false);
    }

    public Student withSites(Partition sites) {
        return Components.with(this, "sites", sites);
    }

    @Override
    public List<String> folders() {
        return List.of("student");
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of(file(folders, course.file));
    }

    @Override
    public Parts parts(DataFolders folders) {
        Frame all = Frame.headed(file(folders, course.file), ",");
        Frame[] parts = PublicTable.divided(all, test, sites.seed());
        List<Encoding.Part> encoding = new ArrayList<>();
        for (String column : CATEGORIES) {
            encoding.add(new Encoding.Part.Categories(column));
        }
        for (String column : NUMBERS) {
            encoding.add(new Encoding.Part.Scaled(column));
        }
        if (earlierGrades) {
            encoding.add(new Encoding.Part.Scaled("G1"));
            encoding.add(new Encoding.Part.Scaled("G2"));
        }
        encoding.add(new Encoding.Part.Flag("sex", "F"));
        return new Parts(
                parts[0],
                parts[1],
                new Encoding(encoding),
                "class",
                List.of("High"),
                List.of("sex", "school", "address"));
    }

    /** The two courses. */
    public enum Course {
        /** 395 pupils. */
        MATHEMATICS("student_mat_new.csv"),
        /** 649 pupils. */
        PORTUGUESE("student_por_new.csv");

        private final String file;

        Course(String file) {
            this.file = file;
        }
    }

    private static final List<String> CATEGORIES = List.of(
            "school",
            "address",
            "famsize",
            "Pstatus",
            "Mjob",
            "Fjob",
            "reason",
            "guardian",
            "schoolsup",
            "famsup",
            "paid",
            "activities",
            "nursery",
            "higher",
            "internet",
            "romantic");

    private static final List<String> NUMBERS = List.of(
            "age",
            "Medu",
            "Fedu",
            "traveltime",
            "studytime",
            "failures",
            "famrel",
            "freetime",
            "goout",
            "Dalc",
            "Walc",
            "health",
            "absences");
}
