service Book { get( }
